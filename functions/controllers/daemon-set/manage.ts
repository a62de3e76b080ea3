/**
 * Which nodes lack a pod of the DaemonSet, and which pods are too many. Pure.
 * Source: pkg/controller/daemon/daemon_controller.go, podsShouldBeOnNode and getUnscheduledPodsWithoutNode.
 */
import type { DaemonSet, Pod } from '../../kube/generated/types.ts';
import { isTerminating, labelsOf } from '../../kube/object.ts';
import { isPodAvailable, isPodReady } from '../../kube/pod.ts';
import { revisionHashLabel } from '../shared/revisions.ts';
import type { DaemonNode } from './nodes.ts';
import { allowsSurge } from './rolling.ts';

export interface NodeWork {
  readonly createsPod: boolean;
  readonly doomed: readonly Pod[];
  /** Failed pods, which are deleted and replaced after a back-off. */
  readonly failed: readonly Pod[];
  readonly succeeded: readonly Pod[];
}

const nothing: NodeWork = { createsPod: false, doomed: [], failed: [], succeeded: [] };

/** `failed` pods are not among the doomed: when they may go is for the back-off to decide. */
export function workOnNode(set: DaemonSet, node: DaemonNode, hash: string, nowMs: number): NodeWork {
  if (!node.exists) return { ...nothing, doomed: node.pods.filter(({ spec }) => (spec?.nodeName ?? '') === '') };
  if (node.shouldRun && node.pods.length === 0) return { ...nothing, createsPod: true };
  const living = node.pods.filter((pod) => !isTerminating(pod));
  if (!node.shouldContinue) return { ...nothing, doomed: living };
  const failed = living.filter(({ status }) => status?.phase === 'Failed');
  const succeeded = living.filter(({ status }) => status?.phase === 'Succeeded');
  const running = living.filter((pod) => !failed.includes(pod) && !succeeded.includes(pod));
  if (!allowsSurge(set)) return { createsPod: false, failed, succeeded, doomed: [...succeeded, ...running.slice(1)] };
  const createsPod = running.length === 0 && node.shouldRun;
  return { createsPod, failed, succeeded, doomed: [...succeeded, ...surplusWhileSurging(set, running, hash, nowMs)] };
}

/** A node may run an old and a new pod while the old one is ready and the new unavailable. */
function surplusWhileSurging(set: DaemonSet, running: readonly Pod[], hash: string, nowMs: number): Pod[] {
  if (running.length <= 1) return [];
  const isNew = (pod: Pod): boolean => labelsOf(pod)[revisionHashLabel] === hash;
  const newest = running.find(isNew);
  const old = running.find((pod) => !isNew(pod));
  const surplus = running.filter((pod) => pod !== newest && pod !== old);
  if (newest === undefined || old === undefined) return surplus;
  const isReplaced = !isPodReady(old) || isPodAvailable(newest, set.spec.minReadySeconds ?? 0, nowMs);
  return isReplaced ? [...surplus, old] : surplus;
}
