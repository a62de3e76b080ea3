/**
 * Which old pods a rolling update deletes now, and on which nodes it puts a new one beside the old. Pure.
 * Source: pkg/controller/daemon/update.go, rollingUpdate; daemon/util/daemonset_util.go, SurgeCount and UnavailableCount.
 */
import type { DaemonSet, Pod } from '../../kube/generated/types.ts';
import { scaledIntOrString } from '../../kube/int-or-string.ts';
import { isTerminating } from '../../kube/object.ts';
import { isPodAvailable } from '../../kube/pod.ts';
import type { DaemonNode } from './nodes.ts';
import { isPodUpdated } from './placement.ts';

export const isRollingUpdate = ({ spec }: DaemonSet): boolean => spec.updateStrategy?.type === 'RollingUpdate';

function bound(set: DaemonSet, field: 'maxSurge' | 'maxUnavailable', desired: number): number {
  const value = isRollingUpdate(set) ? set.spec.updateStrategy?.rollingUpdate?.[field] : undefined;
  return value === undefined ? 0 : scaledIntOrString(value, desired, true);
}

/** More than one pod may be on a node. */
export const allowsSurge = (set: DaemonSet): boolean => bound(set, 'maxSurge', 1) > 0;

export interface RollingStep {
  readonly doomed: readonly Pod[];
  /** Names of nodes. */
  readonly surging: readonly string[];
}

export function rollingStep(set: DaemonSet, nodes: readonly DaemonNode[], hash: string, nowMs: number): RollingStep {
  const desired = nodes.filter(({ shouldRun }) => shouldRun).length;
  const maxSurge = bound(set, 'maxSurge', desired);
  const maxUnavailable = bound(set, 'maxUnavailable', desired);
  const pairs = nodes
    .filter(({ shouldRun, pods }) => shouldRun || pods.length > 0)
    .map((node): Pair => pairOn(node, (pod) => isPodUpdated(set, pod, hash)));
  const isAvailable = (pod: Pod): boolean => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs);
  if (maxSurge > 0) return surgingStep(pairs, { maxSurge, desired, isAvailable });
  // With neither, nothing could ever move.
  return deletingStep(pairs, desired > 0 && maxUnavailable === 0 ? 1 : maxUnavailable, isAvailable);
}

/** The living pods of a node: at most one of each template. With more of them, the rollout leaves the node alone. */
interface Pair {
  readonly node: DaemonNode;
  readonly hasTooMany: boolean;
  readonly fresh?: Pod | undefined;
  readonly old?: Pod | undefined;
}

function pairOn(node: DaemonNode, isUpdated: (pod: Pod) => boolean): Pair {
  const living = node.pods.filter((pod) => !isTerminating(pod));
  const fresh = living.filter(isUpdated);
  const old = living.filter((pod) => !isUpdated(pod));
  return fresh.length > 1 || old.length > 1 ? { node, hasTooMany: true } : { node, hasTooMany: false, fresh: fresh[0], old: old[0] };
}

/** Deletes as many old pods as may be unavailable; old pods that are unavailable already go at once. */
function deletingStep(pairs: readonly Pair[], maxUnavailable: number, isAvailable: (pod: Pod) => boolean): RollingStep {
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { hasTooMany, fresh, old } of pairs) {
    if (hasTooMany || (fresh === undefined) === (old === undefined)) unavailable += 1;
    else if (fresh !== undefined) unavailable += isAvailable(fresh) ? 0 : 1;
    else if (old !== undefined && isAvailable(old)) candidates.push(old);
    else if (old !== undefined) {
      broken.push(old);
      unavailable += 1;
    }
  }
  return { doomed: [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))], surging: [] };
}

interface Surge {
  readonly maxSurge: number;
  readonly desired: number;
  isAvailable(pod: Pod): boolean;
}

/** New pods come beside old ones; an old one goes once its successor is available. */
function surgingStep(pairs: readonly Pair[], { maxSurge, desired, isAvailable }: Surge): RollingStep {
  const replaced: Pod[] = [];
  const leaving: Pod[] = [];
  const allowed: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let available = 0;
  for (const { node, hasTooMany, fresh, old } of pairs) {
    if (hasTooMany) {
      surging += 1;
      continue;
    }
    const counted = old ?? fresh;
    if (counted !== undefined && isAvailable(counted)) available += 1;
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (isAvailable(fresh)) replaced.push(old);
      else surging += 1;
    } else if (!node.exists) continue;
    else if (!node.shouldRun) (isAvailable(old) ? leaving : replaced).push(old);
    else (isAvailable(old) ? candidates : allowed).push(node.name);
  }
  // Where a pod no longer belongs, it stays until there is another one for it.
  const deletable = Math.max(0, available - desired);
  return {
    doomed: [...replaced, ...leaving.slice(0, deletable)],
    surging: [...allowed, ...candidates.slice(0, Math.max(0, maxSurge - surging))],
  };
}
