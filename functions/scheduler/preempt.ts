/** Takes the room: marks and deletes the victims of many pods at once. Source: framework/preemption/executor.go. */
import type { ManyWrite, Refused } from '../client/client.ts';
import type { Pod, PodCondition } from '../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { pods } from '../kube/resource-type.ts';
import { timestamp } from '../kube/time.ts';
import type { ReconcileContext } from '../workers/controller.ts';
import type { Victims } from './preemption.ts';
import { statusPatch, writeUnlessGone } from './write-pods.ts';

export interface Preemption {
  readonly pod: Pod;
  readonly victims: Victims;
  /** Pods of less priority that wait for the same node: they have to find another one. */
  readonly displaced: readonly Pod[];
}

interface Eviction {
  readonly victim: Pod;
  readonly preemptor: Pod;
  readonly nodeName: string;
}

function marked({ victim, preemptor }: Eviction, nowMs: number): ManyWrite {
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: timestamp(nowMs),
  };
  return statusPatch(victim, { conditions: [condition] });
}

const deleted = ({ victim }: Eviction): ManyWrite => ({
  verb: 'delete',
  type: pods,
  at: { namespace: namespaceOf(victim), name: nameOf(victim) },
  options: { preconditions: { uid: uidOf(victim) } },
});

/** A victim whose mark was refused stays. All others go. Returns why writes were refused. */
export async function takeRoom(preemptions: readonly Preemption[], context: ReconcileContext): Promise<readonly Refused[]> {
  const { events, clock } = context;
  const evictions = preemptions.flatMap(({ pod, victims }) =>
    victims.pods
      .filter((victim) => !isTerminating(victim))
      .map((victim): Eviction => ({ victim, preemptor: pod, nodeName: victims.node.name })),
  );
  const nowMs = clock.now();
  const unmarked = await writeUnlessGone(
    evictions.map((eviction) => marked(eviction, nowMs)),
    context,
  );
  const leaving = evictions.filter((_eviction, index) => unmarked[index] === undefined);
  const kept = await writeUnlessGone(leaving.map(deleted), context);
  for (const [index, { victim, preemptor, nodeName }] of leaving.entries())
    if (kept[index] === undefined) events.event(victim, 'Normal', 'Preempted', `Preempted by pod ${uidOf(preemptor)} on node ${nodeName}`);
  const displaced = preemptions.flatMap((preemption) => preemption.displaced);
  const unmoved = await writeUnlessGone(
    displaced.map((other) => statusPatch(other, { nominatedNodeName: null })),
    context,
  );
  return [...unmarked, ...kept, ...unmoved];
}
