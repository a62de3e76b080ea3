/** What a rehearsal showed: the pods that came and went, the pods that found no node, the warnings. Pure. */
import { conditionOf } from '../../functions/kube/conditions.ts';
import type { Event, Pod } from '../../functions/kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf } from '../../functions/kube/object.ts';
import { isPodFinished, isPodReady } from '../../functions/kube/pod.ts';
import type { Change } from '../../functions/store/store.ts';
import type { PlacedObject } from './rehearsal.ts';

export interface PodGroup {
  /** `default/ReplicaSet web-5d9c8b7f6`, or the pod itself where it has no controller. */
  readonly of: string;
  readonly started: number;
  readonly ended: number;
}

export interface EvictedPod {
  readonly pod: string;
  /** The reason of its condition DisruptionTarget: `PreemptionByScheduler`, `DeletionByTaintManager`. */
  readonly reason: string;
  readonly message: string;
}

export interface WaitingPod {
  readonly pod: string;
  readonly message: string;
}

export interface Warning {
  readonly about: string;
  readonly reason: string;
  readonly message: string;
}

export interface Plan {
  readonly pods: readonly PodGroup[];
  readonly evicted: readonly EvictedPod[];
  readonly unschedulable: readonly WaitingPod[];
  readonly notReady: readonly WaitingPod[];
  readonly warnings: readonly Warning[];
  /** Further ones, which are only counted. */
  readonly warningsLeftOut: number;
}

export interface Rehearsed {
  readonly before: readonly PlacedObject[];
  readonly after: readonly PlacedObject[];
  /** Changes of pods and Events in between. */
  readonly changes: readonly Change[];
}

const warningsMax = 50;

const podsOf = (objects: readonly PlacedObject[]): readonly Pod[] =>
  objects.flatMap(({ resource, object }) => (resource === 'pods' ? [object as Pod] : []));

const placeOf = (pod: Pod): string => `${namespaceOf(pod)}/${nameOf(pod)}`;

function groupOf(pod: Pod): string {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? `${placeOf(pod)}` : `${namespaceOf(pod)}/${owner.kind} ${owner.name}`;
}

const uidsOf = (pods: readonly Pod[]): ReadonlySet<string> => new Set(pods.map(({ metadata }) => metadata.uid ?? ''));

function podGroups(before: readonly Pod[], after: readonly Pod[]): readonly PodGroup[] {
  const [was, is] = [uidsOf(before), uidsOf(after)];
  const started = after.filter(({ metadata }) => !was.has(metadata.uid ?? ''));
  const ended = before.filter(({ metadata }) => !is.has(metadata.uid ?? ''));
  const count = (pods: readonly Pod[], group: string): number => pods.filter((pod) => groupOf(pod) === group).length;
  const groups = [...new Set([...started, ...ended].map(groupOf))].sort();
  return groups.map((of) => ({ of, started: count(started, of), ended: count(ended, of) }));
}

/** Pods that were to make room or left a node. The last that was known of each is its deletion. */
function evictedPods(changes: readonly Change[]): readonly EvictedPod[] {
  return changes.flatMap(({ key, type, object }) => {
    if (key.resource !== 'pods' || type !== 'deleted') return [];
    const target = conditionOf((object as Pod).status?.conditions, 'DisruptionTarget');
    if (target?.status !== 'True') return [];
    return [{ pod: placeOf(object as Pod), reason: target.reason ?? '', message: target.message ?? '' }];
  });
}

function waiting(pods: readonly Pod[]): Pick<Plan, 'unschedulable' | 'notReady'> {
  const unschedulable: WaitingPod[] = [];
  const notReady: WaitingPod[] = [];
  for (const pod of pods) {
    if (isPodFinished(pod) || isTerminating(pod) || isPodReady(pod)) continue;
    const scheduled = conditionOf(pod.status?.conditions, 'PodScheduled');
    const ready = conditionOf(pod.status?.conditions, 'Ready');
    if (scheduled?.status === 'False') unschedulable.push({ pod: placeOf(pod), message: scheduled.message ?? scheduled.reason ?? '' });
    else notReady.push({ pod: placeOf(pod), message: ready?.message ?? ready?.reason ?? '' });
  }
  return { unschedulable, notReady };
}

/** Each text once. What the scheduler finds of a pod is in `unschedulable`. */
function warningsOf(changes: readonly Change[]): Pick<Plan, 'warnings' | 'warningsLeftOut'> {
  const found = new Map<string, Warning>();
  for (const { key, type, object } of changes) {
    if (key.resource !== 'events' || type === 'deleted') continue;
    const { type: severity, reason = '', message = '', involvedObject } = object as Event;
    if (severity !== 'Warning' || reason === 'FailedScheduling') continue;
    const about = `${involvedObject.kind} ${involvedObject.namespace ?? ''}/${involvedObject.name}`;
    const warning = { about, reason, message };
    found.set(JSON.stringify(warning), warning);
  }
  const warnings = [...found.values()];
  return { warnings: warnings.slice(0, warningsMax), warningsLeftOut: Math.max(0, warnings.length - warningsMax) };
}

export function planOf({ before, after, changes }: Rehearsed): Plan {
  const [earlier, later] = [podsOf(before), podsOf(after)];
  return {
    pods: podGroups(earlier, later),
    evicted: evictedPods(changes),
    ...waiting(later),
    ...warningsOf(changes),
  };
}
