/** Says on a pod, before it is deleted, who took it away and why. Source: pkg/util/pod/pod.go; KEP 3329. */
import { conditionOf, withCondition } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import type { Pod, PodCondition } from '../../kube/generated/types.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { pods } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
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
  const condition: PodCondition = { type: 'DisruptionTarget', status: 'True', reason: disruption.reason, message: disruption.message };
  const conditions = withCondition<PodCondition>(pod.status?.conditions, condition, timestamp(clock.now()));
  const status = { ...pod.status, conditions, ...(isFailing && { phase: 'Failed' }) };
  try {
    await client.update(pods, { ...copy(pod), status }, 'status');
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
