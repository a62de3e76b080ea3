/** Moves the pods of a node to others, as `kubectl drain --ignore-daemonsets --delete-emptydir-data --force` does. */
import type { Client } from '../../functions/client/client.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import { nodes, pods } from '../../functions/kube/resource-type.ts';
import { isNotFound, StatusError } from '../../functions/kube/status-error.ts';
import type { Clock } from '../../functions/world.ts';
import { CliError } from './cli-error.ts';

const retryMs = 1000;

const isDaemon = ({ metadata }: Pod): boolean =>
  metadata.ownerReferences?.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true) === true;
const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** A budget that does not permit it now does so later, perhaps; what is gone needs nothing more. */
async function evict(client: Client, pod: Pod): Promise<void> {
  const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
  try {
    await client.createSubresource(pods, at, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: at });
  } catch (error) {
    if (!isNotFound(error) && !(error instanceof StatusError && error.code === 429)) throw error;
  }
}

export const setUnschedulable = (client: Client, name: string, unschedulable: boolean): Promise<unknown> =>
  client.patch(nodes, { namespace: '', name }, { spec: { unschedulable } });

/** Cordons first. Throws a CliError when pods are left after the grace. */
export async function drain(client: Client, nodeName: string, graceSeconds: number, clock: Clock): Promise<void> {
  await setUnschedulable(client, nodeName, true);
  const endMs = clock.monotonicMs() + graceSeconds * 1000;
  for (;;) {
    const { items } = await client.list(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
    const [first, ...others] = items.filter((pod) => !isDaemon(pod) && !isOver(pod));
    if (first === undefined) return;
    if (clock.monotonicMs() > endMs)
      throw new CliError(
        `${others.length + 1} pods of ${nodeName} have not moved within ${graceSeconds} s, ${namespaceOf(first)}/${nameOf(first)} among them.`,
        '--grace gives them longer.',
      );
    for (const pod of [first, ...others]) if (pod.metadata.deletionTimestamp === undefined) await evict(client, pod);
    await clock.sleep(retryMs);
  }
}
