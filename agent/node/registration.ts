/** Makes the node known to the apiserver, and keeps the labels that describe the machine right. */
import type { Client } from '../../functions/client/client.ts';
import type { Node } from '../../functions/kube/generated/types.ts';
import { labelsOf, nameOf } from '../../functions/kube/object.ts';
import { nodes } from '../../functions/kube/resource-type.ts';
import { isAlreadyExists } from '../../functions/kube/status-error.ts';

export async function registerNode(client: Client, wanted: Node): Promise<void> {
  try {
    await client.create(nodes, wanted);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await correctLabels(client, wanted);
  }
}

/** Labels that others put there are theirs. */
async function correctLabels(client: Client, wanted: Node): Promise<void> {
  const at = { namespace: '', name: nameOf(wanted) };
  const current = labelsOf(await client.get(nodes, at));
  const isRight = Object.entries(labelsOf(wanted)).every(([key, value]) => current[key] === value);
  if (!isRight) await client.patch(nodes, at, { metadata: { labels: wanted.metadata.labels } });
}
