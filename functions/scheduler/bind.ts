/** The two writes of the scheduler: binding a pod to a node, and saying that it fits nowhere. */
import type { Pod, PodCondition } from '../kube/generated/types.ts';
import { conditionOf } from '../kube/conditions.ts';
import { nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { pods } from '../kube/resource-type.ts';
import { isNotFound } from '../kube/status-error.ts';
import { timestamp } from '../kube/time.ts';
import type { ReconcileContext } from '../workers/controller.ts';

export async function bindPod(pod: Pod, nodeName: string, { client, events }: ReconcileContext): Promise<void> {
  const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
  await client.createSubresource(pods, at, 'binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { ...at, uid: uidOf(pod) },
    target: { kind: 'Node', name: nodeName },
  });
  events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${at.namespace}/${at.name} to ${nodeName}`);
}

/** Writes the condition when it says something new; the Event is counted, so it is sent with each such change only. */
export async function markUnschedulable(pod: Pod, message: string, { client, events, clock }: ReconcileContext): Promise<void> {
  const before = conditionOf(pod.status?.conditions, 'PodScheduled');
  if (before?.status === 'False' && before.message === message) return;
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : timestamp(clock.now()),
  };
  events.event(pod, 'Warning', 'FailedScheduling', message);
  try {
    const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
    await client.patch(
      pods,
      at,
      { metadata: { uid: uidOf(pod) }, status: { conditions: [condition] } },
      { patchType: 'application/strategic-merge-patch+json', subresource: 'status' },
    );
  } catch (error) {
    // Deleted meanwhile: it waits no more.
    if (!isNotFound(error)) throw error;
  }
}
