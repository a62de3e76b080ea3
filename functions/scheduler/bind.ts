/** The two writes of the scheduler: binding a pod to a node, and reporting that it fits nowhere. */
import type { Binding, Pod, PodCondition } from '../kube/generated/types.ts';
import { conditionOf } from '../kube/conditions.ts';
import type { Refused } from '../client/client.ts';
import { nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { pods } from '../kube/resource-type.ts';
import { isConflict, isNotFound } from '../kube/status-error.ts';
import { timestamp } from '../kube/time.ts';
import type { ReconcileContext } from '../workers/controller.ts';

export interface Bind {
  readonly pod: Pod;
  readonly nodeName: string;
}

const bindingOf = ({ pod, nodeName }: Bind): Binding => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { namespace: namespaceOf(pod), name: nameOf(pod), uid: uidOf(pod) },
  target: { kind: 'Node', name: nodeName },
});

/** Binds many pods in one go. In their order, why one could not be bound. */
export async function bindPods(binds: readonly Bind[], { client, events }: ReconcileContext): Promise<readonly Refused[]> {
  const refused = await client.createSubresources(pods, 'binding', binds.map(bindingOf));
  for (const [index, { pod, nodeName }] of binds.entries())
    if (refused[index] === undefined)
      events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespaceOf(pod)}/${nameOf(pod)} to ${nodeName}`);
  return refused;
}

export interface Waiting {
  readonly message: string;
  /** For which node it waits; null: for none any more. Left out: as before. */
  readonly nominatedNodeName?: string | null;
}

/**
 * Writes in one go why the pod waits and for which node, when that is new; the Event is counted, so it is sent with each such
 * change only.
 */
export async function markUnschedulable(
  pod: Pod,
  { message, nominatedNodeName }: Waiting,
  { client, events, clock }: ReconcileContext,
): Promise<void> {
  const before = conditionOf(pod.status?.conditions, 'PodScheduled');
  const isReported = before?.status === 'False' && before.message === message;
  const isNominated = nominatedNodeName === undefined || (nominatedNodeName ?? '') === (pod.status?.nominatedNodeName ?? '');
  if (isReported && isNominated) return;
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : timestamp(clock.now()),
  };
  if (!isReported) events.event(pod, 'Warning', 'FailedScheduling', message);
  const status = { ...(!isReported && { conditions: [condition] }), ...(!isNominated && { nominatedNodeName }) };
  try {
    const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
    await client.patch(
      pods,
      at,
      { metadata: { uid: uidOf(pod) }, status },
      { patchType: 'application/strategic-merge-patch+json', subresource: 'status' },
    );
  } catch (error) {
    // Deleted or replaced meanwhile: it waits no more.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
