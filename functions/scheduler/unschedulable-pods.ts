/**
 * Pods that no node could take, each with the hints of the plug-ins that refused it: until a change may help, it is not tried
 * again. A pod that is not here is tried in every pass. Source: pkg/scheduler/backend/queue/scheduling_queue.go.
 */
import { deepEqual } from '../kube/equality.ts';
import type { Pod } from '../kube/generated/types.ts';
import { labelsOf, uidOf } from '../kube/object.ts';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  deviceClasses,
  deviceTaintRules,
  groupResource,
  persistentVolumeClaims,
  persistentVolumes,
  resourceClaims,
  resourceSlices,
  type ResourceType,
  storageClasses,
} from '../kube/resource-type.ts';
import { readObject } from '../kube/unreadable-object.ts';
import type { ViewDifference } from '../kube/view.ts';
import type { Cache } from '../workers/controller.ts';
import type { ClusterState } from './cluster-state.ts';
import type { QueueingHints } from './plugins/queueing-hints.ts';
import type { ClusterChanges } from './snapshot.ts';

interface Unschedulable {
  readonly pod: Pod;
  readonly hints: readonly QueueingHints[];
  readonly triedMs: number;
}

/** A pass tries a pod again that waits for longer. A hint may miss a change that helps. Source: DefaultPodMaxInUnschedulablePodsDuration. */
const triedAgainAfterMs = 300_000;

export interface Moment {
  readonly cache: Cache;
  readonly cluster: ClusterState;
  readonly changes: ClusterChanges;
  readonly nowMs: number;
}

/** Types of which objects may help, besides nodes and pods. */
const otherTypes = [
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  csiNodes,
  csiDrivers,
  csiStorageCapacities,
  resourceClaims,
  resourceSlices,
  deviceClasses,
  deviceTaintRules,
];

/** What changed, by the type's name. */
type OtherChanges = ReadonlyMap<string, readonly ViewDifference[]>;

export class UnschedulablePods {
  private byUid = new Map<string, Unschedulable>();
  /** Since when changes are read, by the type's name. */
  private readonly moments = new Map<string, object>();

  add(pod: Pod, hints: readonly QueueingHints[], triedMs: number): void {
    this.byUid.set(uidOf(pod), { pod, hints, triedMs });
  }

  remove(pod: Pod): void {
    this.byUid.delete(uidOf(pod));
  }

  /** Those that are not tried in this pass. */
  get waiting(): readonly Pick<Unschedulable, 'pod' | 'hints'>[] {
    return [...this.byUid.values()];
  }

  /** When the one that was not tried for longest is tried again. Undefined: none waits. */
  get triedAgainMs(): number | undefined {
    const times = [...this.byUid.values()].map(({ triedMs }) => triedMs);
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b)) + triedAgainAfterMs;
  }

  /** Takes out those that may fit now, and those that wait no more. Returns the waiting pods that are to be tried. */
  release(waiting: readonly Pod[], moment: Moment): readonly Pod[] {
    const others = this.otherChanges(moment.cache);
    const before = this.byUid;
    this.byUid = new Map();
    return waiting.filter((pod) => {
      const known = before.get(uidOf(pod));
      if (known === undefined || mayFit(pod, known, moment, others)) return true;
      this.byUid.set(uidOf(pod), { ...known, pod });
      return false;
    });
  }

  private otherChanges(cache: Cache): OtherChanges {
    return new Map(
      otherTypes.map((type: ResourceType) => {
        const name = groupResource(type);
        const { moment, differences } = cache.since(type, this.moments.get(name));
        this.moments.set(name, moment);
        return [name, differences];
      }),
    );
  }
}

function mayFit(pod: Pod, known: Unschedulable, { changes, cluster, nowMs }: Moment, others: OtherChanges): boolean {
  if (nowMs - known.triedMs >= triedAgainAfterMs || asksOtherwise(pod, known.pod)) return true;
  return known.hints.some(
    (hints) =>
      changes.nodes.some((change) => hints.node?.(pod, change) === true) ||
      changes.placedPods.some((change) => hints.placedPod?.(pod, change, cluster) === true) ||
      (hints.others ?? []).some(({ type, helps }) =>
        (others.get(groupResource(type)) ?? []).some(({ before, after }) =>
          helps(pod, { before: readObject(before), after: readObject(after) }),
        ),
      ),
  );
}

const asksOtherwise = (pod: Pod, before: Pod): boolean =>
  pod !== before && !(deepEqual(pod.spec, before.spec) && deepEqual(labelsOf(pod), labelsOf(before)));
