/** Makes the node known to the apiserver, and keeps right what describes the machine and its agent. */
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
    await correct(client, wanted);
  }
}

/** Labels and annotations that others put there are theirs. */
async function correct(client: Client, wanted: Node): Promise<void> {
  const at = { namespace: '', name: nameOf(wanted) };
  const current = await client.get(nodes, at);
  const { labels, annotations = {} } = wanted.metadata;
  const isRight =
    Object.entries(labelsOf(wanted)).every(([key, value]) => labelsOf(current)[key] === value) &&
    Object.entries(annotations).every(([key, value]) => current.metadata.annotations?.[key] === value);
  if (!isRight) await client.patch(nodes, at, { metadata: { labels, annotations } });
}
