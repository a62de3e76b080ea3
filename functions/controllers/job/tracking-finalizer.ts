/** The mark of pods that no Job has counted yet. */
import type { Pod } from '../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../kube/object.ts';
import { pods } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { isTracked, trackingFinalizer } from './job-state.ts';

/** A pod that is gone has no finalizer either. */
export async function removeFinalizer(pod: Pod, { client }: Pick<ReconcileContext, 'client'>): Promise<void> {
  if (!isTracked(pod)) return;
  const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  const options = { patchType: 'application/strategic-merge-patch+json' } as const;
  try {
    await client.patch(pods, { namespace: namespaceOf(pod), name: nameOf(pod) }, patch, options);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
