/** Takes the room: marks and deletes the victims. Source: framework/preemption/executor.go. */
import type { Pod, PodCondition } from '../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { pods } from '../kube/resource-type.ts';
import { isConflict, isNotFound } from '../kube/status-error.ts';
import { timestamp } from '../kube/time.ts';
import type { ReconcileContext } from '../workers/controller.ts';
import type { Victims } from './preemption.ts';

const nameAt = (pod: Pod): { namespace: string; name: string } => ({ namespace: namespaceOf(pod), name: nameOf(pod) });

/** A pod that was deleted or replaced meanwhile takes no room any more. */
async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

async function evict(victim: Pod, preemptor: Pod, nodeName: string, { client, events, clock }: ReconcileContext): Promise<void> {
  if (isTerminating(victim)) return;
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: timestamp(clock.now()),
  };
  const marked = { metadata: { uid: uidOf(victim) }, status: { conditions: [condition] } };
  await unlessGone(() =>
    client.patch(pods, nameAt(victim), marked, { patchType: 'application/strategic-merge-patch+json', subresource: 'status' }),
  );
  await unlessGone(() => client.delete(pods, nameAt(victim), { preconditions: { uid: uidOf(victim) } }));
  events.event(victim, 'Normal', 'Preempted', `Preempted by pod ${uidOf(preemptor)} on node ${nodeName}`);
}

const forgetNomination = (pod: Pod, { client }: ReconcileContext): Promise<void> =>
  unlessGone(() =>
    client.patch(
      pods,
      nameAt(pod),
      { metadata: { uid: uidOf(pod) }, status: { nominatedNodeName: null } },
      { patchType: 'application/strategic-merge-patch+json', subresource: 'status' },
    ),
  );

/** Pods of less priority that wait for the same node have to find another one. */
export async function takeRoom(
  pod: Pod,
  { node, pods: victims }: Victims,
  displaced: readonly Pod[],
  context: ReconcileContext,
): Promise<void> {
  await Promise.all(victims.map((victim) => evict(victim, pod, node.name, context)));
  await Promise.all(displaced.map((other) => forgetNomination(other, context)));
}
