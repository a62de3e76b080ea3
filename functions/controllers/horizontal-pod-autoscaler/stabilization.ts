/**
 * How far and how fast an autoscaler goes. Pure: earlier recommendations and changes come in and go out as a history.
 * Source: pkg/controller/podautoscaler/horizontal.go, normalizeDesiredReplicas and normalizeDesiredReplicasWithBehaviors.
 */
import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../kube/generated/types.ts';
import type { Note } from '../../workers/controller.ts';

const downscaleWindowSeconds = 300;
const scaleUpFactor = 2;
const scaleUpMin = 4;

interface Sample {
  readonly atMs: number;
  readonly count: number;
}

export interface History {
  readonly recommendations: readonly Sample[];
  readonly scaledUp: readonly Sample[];
  readonly scaledDown: readonly Sample[];
}

export interface Bounds {
  readonly current: number;
  readonly min: number;
  readonly max: number;
  readonly behavior: HorizontalPodAutoscalerBehavior | undefined;
}

export interface Decision {
  readonly replicas: number;
  /** Reason and message of the conditions AbleToScale and ScalingLimited. */
  readonly able: readonly [string, string];
  readonly limited: readonly [isLimited: boolean, reason: string, message: string];
}

const kinds = { recommendations: 'recommended', scaledUp: 'up', scaledDown: 'down' } as const;

export function historyOf(note: Note): History {
  const samples = (kind: string): Sample[] =>
    Object.entries(note)
      .filter(([key]) => key.startsWith(`${kind} `))
      .map(([key, count]) => ({ atMs: Number(key.slice(kind.length + 1)), count }));
  return { recommendations: samples(kinds.recommendations), scaledUp: samples(kinds.scaledUp), scaledDown: samples(kinds.scaledDown) };
}

/** What is too old to matter is left out. */
export function noteOf(history: History, behavior: HorizontalPodAutoscalerBehavior | undefined, nowMs: number): Note {
  const { up, down } = windowsOf(behavior);
  const longest = ({ policies = [] }: HPAScalingRules = {}): number => Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds));
  const periods = Math.max(longest(behavior?.scaleUp), longest(behavior?.scaleDown));
  const kept = (kind: string, samples: readonly Sample[], seconds: number): [string, number][] =>
    samples.filter(({ atMs }) => atMs >= nowMs - seconds * 1000).map(({ atMs, count }) => [`${kind} ${atMs}`, count]);
  return Object.fromEntries([
    ...kept(kinds.recommendations, history.recommendations, Math.max(up, down)),
    ...kept(kinds.scaledUp, history.scaledUp, periods),
    ...kept(kinds.scaledDown, history.scaledDown, periods),
  ]);
}

function windowsOf(behavior: HorizontalPodAutoscalerBehavior | undefined): { readonly up: number; readonly down: number } {
  return {
    up: behavior?.scaleUp?.stabilizationWindowSeconds ?? 0,
    down: behavior?.scaleDown?.stabilizationWindowSeconds ?? downscaleWindowSeconds,
  };
}

const ready = ['ReadyForNewScale', 'recommended size matches current size'] as const;
const lower = 'recent recommendations were lower than current one, applying the lowest recent recommendation';
const higher = 'recent recommendations were higher than current one, applying the highest recent recommendation';
const within = [false, 'DesiredWithinRange', 'the desired count is within the acceptable range'] as const;
const tooMany = [true, 'TooManyReplicas', 'the desired replica count is more than the maximum replica count'] as const;
const tooFew = [true, 'TooFewReplicas', 'the desired replica count is less than the minimum replica count'] as const;
const upLimit = [true, 'ScaleUpLimit', 'the desired replica count is increasing faster than the maximum scale rate'] as const;
const downLimit = [true, 'ScaleDownLimit', 'the desired replica count is decreasing faster than the maximum scale rate'] as const;

/** `wanted`: what the metrics ask for. */
export function decide(wanted: number, bounds: Bounds, history: History, nowMs: number): Decision {
  return bounds.behavior === undefined ? decidePlainly(wanted, bounds, history, nowMs) : decideByRules(wanted, bounds, history, nowMs);
}

const since = (samples: readonly Sample[], cutoffMs: number): number[] =>
  samples.filter(({ atMs }) => atMs > cutoffMs).map(({ count }) => count);

function decidePlainly(wanted: number, { current, min, max }: Bounds, { recommendations }: History, nowMs: number): Decision {
  const stable = Math.max(wanted, ...since(recommendations, nowMs - downscaleWindowSeconds * 1000));
  const able = stable === wanted ? ready : (['ScaleDownStabilized', higher] as const);
  const fastest = Math.max(scaleUpFactor * current, scaleUpMin);
  const most = Math.min(max, fastest);
  if (stable < min) return { replicas: min, able, limited: tooFew };
  if (stable > most) return { replicas: most, able, limited: max > fastest ? upLimit : tooMany };
  return { replicas: stable, able, limited: within };
}

function decideByRules(wanted: number, bounds: Bounds, history: History, nowMs: number): Decision {
  const { current, min, max, behavior = {} } = bounds;
  const { up, down } = windowsOf(behavior);
  const least = Math.min(wanted, ...since(history.recommendations, nowMs - up * 1000));
  const most = Math.max(wanted, ...since(history.recommendations, nowMs - down * 1000));
  const stable = Math.min(Math.max(current, least), most);
  const stabilized = wanted >= current ? (['ScaleUpStabilized', lower] as const) : (['ScaleDownStabilized', higher] as const);
  const able = stable === wanted ? ready : stabilized;
  if (stable > current) {
    const limit = Math.max(current, rateLimit(behavior.scaleUp, { sign: 1, current, history }, nowMs));
    const allowed = Math.min(max, limit);
    return stable > allowed
      ? { replicas: allowed, able, limited: max > limit ? upLimit : tooMany }
      : { replicas: stable, able, limited: within };
  }
  if (stable < current) {
    const limit = Math.min(current, rateLimit(behavior.scaleDown, { sign: -1, current, history }, nowMs));
    const allowed = Math.max(min, limit);
    return stable < allowed
      ? { replicas: allowed, able, limited: min < limit ? downLimit : tooFew }
      : { replicas: stable, able, limited: within };
  }
  return { replicas: stable, able, limited: within };
}

/** The number of replicas that the policies allow; `sign` is 1 for scaling up, -1 for scaling down. */
function rateLimit(
  { selectPolicy = 'Max', policies = [] }: HPAScalingRules = {},
  { sign, current, history }: { readonly sign: 1 | -1; readonly current: number; readonly history: History },
  nowMs: number,
): number {
  if (selectPolicy === 'Disabled') return current;
  const sum = (samples: readonly Sample[], seconds: number): number =>
    since(samples, nowMs - seconds * 1000).reduce((total, count) => total + count, 0);
  const proposals = policies.map(({ type, value, periodSeconds }) => {
    const start = current - sum(history.scaledUp, periodSeconds) + sum(history.scaledDown, periodSeconds);
    if (type === 'Pods') return start + sign * value;
    return sign > 0 ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
  });
  // Min is the smallest change, whichever way it goes.
  return (selectPolicy === 'Min') === sign > 0 ? Math.min(...proposals) : Math.max(...proposals);
}
