/** The two writes of the scheduler: binding a pod to a node, and reporting that it fits nowhere. */
import type { Binding, Pod, PodCondition } from '../kube/generated/types.ts';
import { conditionOf } from '../kube/conditions.ts';
import type { ManyWrite, Refused } from '../client/client.ts';
import { nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { pods } from '../kube/resource-type.ts';
import { timestamp } from '../kube/time.ts';
import type { ReconcileContext } from '../workers/controller.ts';
import { statusPatch, writeUnlessGone } from './write-pods.ts';

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
  const refused = await client.writeMany(
    binds.map((bind) => ({ verb: 'post', type: pods, subresource: 'binding', body: bindingOf(bind) })),
  );
  for (const [index, { pod, nodeName }] of binds.entries())
    if (refused[index] === undefined)
      events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespaceOf(pod)}/${nameOf(pod)} to ${nodeName}`);
  return refused;
}

export interface Waiting {
  readonly pod: Pod;
  readonly message: string;
  /** For which node it waits; null: for none any more. Left out: as before. */
  readonly nominatedNodeName?: string | null;
}

/**
 * Reports why pods wait and for which node, where that is new. An Event is counted, so it is sent with each such change only.
 * Returns why writes were refused.
 */
export async function markUnschedulable(waiting: readonly Waiting[], context: ReconcileContext): Promise<readonly Refused[]> {
  return writeUnlessGone(
    waiting.flatMap((one) => unschedulablePatch(one, context) ?? []),
    context,
  );
}

function unschedulablePatch({ pod, message, nominatedNodeName }: Waiting, { events, clock }: ReconcileContext): ManyWrite | undefined {
  const before = conditionOf(pod.status?.conditions, 'PodScheduled');
  const isReported = before?.status === 'False' && before.message === message;
  const isNominated = nominatedNodeName === undefined || (nominatedNodeName ?? '') === (pod.status?.nominatedNodeName ?? '');
  if (isReported && isNominated) return undefined;
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : timestamp(clock.now()),
  };
  if (!isReported) events.event(pod, 'Warning', 'FailedScheduling', message);
  return statusPatch(pod, { ...(!isReported && { conditions: [condition] }), ...(!isNominated && { nominatedNodeName }) });
}
