/** Writes to pods that may be gone meanwhile, many at once. */
import type { ManyWrite, Refused } from '../client/client.ts';
import type { Pod, PodCondition } from '../kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { pods } from '../kube/resource-type.ts';
import { isConflict, isNotFound } from '../kube/status-error.ts';
import type { ReconcileContext } from '../workers/controller.ts';

export interface StatusPatch {
  readonly conditions?: readonly PodCondition[];
  /** For which node the pod waits; null: for none. */
  readonly nominatedNodeName?: string | null;
}

export const statusPatch = (pod: Pod, status: StatusPatch): ManyWrite => ({
  verb: 'patch',
  type: pods,
  at: { namespace: namespaceOf(pod), name: nameOf(pod) },
  patch: { metadata: { uid: uidOf(pod) }, status },
  patchType: 'application/strategic-merge-patch+json',
  subresource: 'status',
});

/** Another client deleted, replaced or bound the pod first. The next pass sees what became of it. */
export const lostRace = (error: unknown): boolean => isConflict(error) || isNotFound(error);

/** Writes to a pod that is gone are dropped. In the order of `writes`, why another one was refused. */
export async function writeUnlessGone(writes: readonly ManyWrite[], { client }: ReconcileContext): Promise<readonly Refused[]> {
  const refused = await client.writeMany(writes);
  return refused.map((error) => (lostRace(error) ? undefined : error));
}
