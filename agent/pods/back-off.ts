/**
 * Exponential back-off as data. The first failure is retried at once; from then on the delay starts at ten seconds and
 * doubles. Source: client-go, util/flowcontrol/backoff.go; pkg/kubelet/kubelet.go (MaxContainerBackOff).
 */
export interface BackOff {
  readonly delayMs: number;
  readonly updatedAtMs: number;
}

export interface BackOffLimits {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

export const containerBackOff: BackOffLimits = { delayMsMin: 10_000, delayMsMax: 300_000 };
export const mountBackOff: BackOffLimits = { delayMsMin: 500, delayMsMax: 122_000 };
export const sandboxBackOff: BackOffLimits = { delayMsMin: 1000, delayMsMax: 30_000 };

/** The state after one more attempt. Long quiet (twice the longest delay) starts over. */
export function nextBackOff(entry: BackOff | undefined, nowMs: number, limits: BackOffLimits): BackOff {
  const isFresh = entry === undefined || nowMs - entry.updatedAtMs > 2 * limits.delayMsMax;
  const delayMs = isFresh ? limits.delayMsMin : Math.min(entry.delayMs * 2, limits.delayMsMax);
  return { delayMs, updatedAtMs: nowMs };
}

/** When something that ended at `endedAtMs` may be tried again. In the past: now. */
export function retryAtMs(entry: BackOff | undefined, endedAtMs: number, limits: BackOffLimits): number {
  if (entry === undefined || endedAtMs - entry.updatedAtMs > 2 * limits.delayMsMax) return endedAtMs;
  return endedAtMs + entry.delayMs;
}

/** As Go prints durations of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours}h${minutes % 60}m${seconds % 60}s`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
