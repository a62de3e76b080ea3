/** Sets the condition DisruptionTarget on a pod before it is deleted: which controller evicts it, and why. Source: pkg/util/pod/pod.go; KEP 3329. */
import { conditionOf, withCondition } from '../../kube/conditions.ts';
import type { Pod, PodCondition } from '../../kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { pods } from '../../kube/resource-type.ts';
import { isConflict, isNotFound } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { ReconcileContext } from '../../workers/controller.ts';

export interface Disruption {
  readonly reason: string;
  readonly message: string;
  /** Nothing will report how the pod ended: it counts as failed. */
  readonly fail?: boolean;
}

export async function markDisrupted(pod: Pod, disruption: Disruption, { client, clock }: ReconcileContext): Promise<void> {
  const isFailing = disruption.fail === true && !isPodFinished(pod);
  const isMarked = conditionOf(pod.status?.conditions, 'DisruptionTarget')?.reason === disruption.reason;
  if (isMarked && !isFailing) return;
  const { reason, message } = disruption;
  const observedGeneration = pod.metadata.generation ?? 1;
  const condition: PodCondition = { type: 'DisruptionTarget', status: 'True', reason, message, observedGeneration };
  const conditions = withCondition<PodCondition>(pod.status?.conditions, condition, timestamp(clock.now()));
  const set = conditionOf(conditions, condition.type);
  // The order that they have: a condition alone would go before the others.
  const order = { '$setElementOrder/conditions': conditions.map(({ type }) => ({ type })) };
  const patch = { metadata: { uid: uidOf(pod) }, status: { ...order, conditions: [set], ...(isFailing && { phase: 'Failed' }) } };
  const options = { patchType: 'application/strategic-merge-patch+json', subresource: 'status' } as const;
  try {
    await client.patch(pods, { namespace: namespaceOf(pod), name: nameOf(pod) }, patch, options);
  } catch (error) {
    // Gone, or another pod has its name by now.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
