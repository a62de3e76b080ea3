/**
 * How long a Job waits before it replaces pods that failed: 10 s, doubled with each failure after the last success.
 * Source: pkg/controller/job/backoff_utils.go.
 */
import { conditionOf } from '../../kube/conditions.ts';
import type { ContainerStatus, Pod } from '../../kube/generated/types.ts';
import { parseTime } from '../../kube/time.ts';

const backoffMsMin = 10_000;
const backoffMsMax = 600_000;

export interface BackoffRecord {
  readonly failuresAfterLastSuccess: number;
  readonly lastFailureMs: number;
}

export const noFailures: BackoffRecord = { failuresAfterLastSuccess: 0, lastFailureMs: 0 };

/** The record with pods added that ended since. */
export function withEndedPods(record: BackoffRecord, succeeded: readonly Pod[], failed: readonly Pod[]): BackoffRecord {
  const failures = failed.map(finishedMs).sort((a, b) => a - b);
  if (succeeded.length === 0) {
    const last = failures.at(-1);
    return last === undefined
      ? record
      : { failuresAfterLastSuccess: record.failuresAfterLastSuccess + failures.length, lastFailureMs: last };
  }
  const lastSuccessMs = Math.max(...succeeded.map(finishedMs));
  const later = failures.filter((ms) => ms > lastSuccessMs);
  return { failuresAfterLastSuccess: later.length, lastFailureMs: later.at(-1) ?? 0 };
}

export function backoffLeftMs({ failuresAfterLastSuccess, lastFailureMs }: BackoffRecord, nowMs: number): number {
  if (failuresAfterLastSuccess === 0) return 0;
  const backoffMs = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(failuresAfterLastSuccess - 1, 30));
  return Math.max(0, lastFailureMs + backoffMs - nowMs);
}

/** When the pod ended, by its containers, its Ready condition, its deletion, or its creation. */
export function finishedMs(pod: Pod): number {
  const containersMs = containersFinishedMs(pod);
  if (containersMs !== undefined) return containersMs;
  const ready = conditionOf(pod.status?.conditions, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime !== undefined) return parseTime(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) return parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return creationTimestamp === undefined ? 0 : parseTime(creationTimestamp);
}

/** undefined as long as a container or sidecar runs. */
function containersFinishedMs({ spec, status }: Pod): number | undefined {
  const sidecars = new Set((spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }: ContainerStatus) => sidecars.has(name)),
  ];
  const times = statuses.map(({ state }) => state?.terminated?.finishedAt ?? undefined);
  if (times.length === 0 || times.includes(undefined)) return undefined;
  return Math.max(...times.filter((time) => time !== undefined).map(parseTime));
}
