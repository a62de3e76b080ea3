/** Writes to pods that may be gone meanwhile, many at once. */
import type { ManyWrite } from '../client/client.ts';
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

/** A pod that was deleted or replaced meanwhile needs none of them any more. */
export async function writeUnlessGone(writes: readonly ManyWrite[], { client }: ReconcileContext): Promise<void> {
  const refused = await client.writeMany(writes);
  const failure = refused.find((error) => error !== undefined && !lostRace(error));
  if (failure !== undefined) throw failure;
}
