/** When a pod has to go because of taints of its devices. Source: pkg/controller/devicetainteviction/device_taint_eviction.go. */
import { claimNameOfPod, isMadeForPod, isReservedFor } from '../../kube/device-claims.ts';
import { selectsDevice, toleratesDevice } from '../../kube/device-taints.ts';
import type {
  DeviceRequestAllocationResult,
  DeviceTaint,
  DeviceTaintRule,
  Pod,
  ResourceResourceClaim as ResourceClaim,
} from '../../kube/generated/types.ts';
import { namespaceOf } from '../../kube/object.ts';
import { deviceTaintRules, resourceClaims } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';
import type { Cache } from '../../workers/controller.ts';
import { allocatedDevices, evicts, poolKey, slicesByPool } from './watches.ts';

export interface Eviction {
  readonly atMs: number;
  /** Those that are among its reasons; a taint of the driver may be another one. */
  readonly rules: readonly DeviceTaintRule[];
}

/** The device's taints in the newest ResourceSlices of its pool. */
export function publishedTaints({ driver, pool, device }: DeviceRequestAllocationResult, cache: Cache): readonly DeviceTaint[] {
  const slices = cache.by(slicesByPool, poolKey(driver, pool));
  const newest = Math.max(...slices.map(({ spec }) => spec.pool.generation));
  const current = slices.filter(({ spec }) => spec.pool.generation === newest);
  const found = current.flatMap(({ spec }) => spec.devices ?? []).find(({ name }) => name === device);
  return (found?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

/** Infinity: the device's user may stay. */
function leaveMs(taint: DeviceTaint, { tolerations = [] }: DeviceRequestAllocationResult): number {
  const addedMs = taint.timeAdded === undefined ? 0 : parseTime(taint.timeAdded);
  const tolerating = tolerations.filter((toleration) => toleration.effect === 'NoExecute' && toleratesDevice(toleration, taint));
  if (tolerating.length === 0) return addedMs;
  const seconds = tolerating.map(({ tolerationSeconds }) => tolerationSeconds ?? Infinity);
  return seconds.includes(Infinity) ? Infinity : addedMs + Math.max(0, Math.min(...seconds)) * 1000;
}

function evictionOfClaim(claim: ResourceClaim, rules: readonly DeviceTaintRule[], cache: Cache): Eviction {
  const reasons = allocatedDevices(claim).flatMap((allocated) => [
    ...publishedTaints(allocated, cache).map((taint) => ({ rule: undefined, atMs: leaveMs(taint, allocated) })),
    ...rules
      .filter((rule) => selectsDevice(rule, allocated))
      .map((rule) => ({ rule, atMs: leaveMs({ ...rule.spec.taint, effect: 'NoExecute' }, allocated) })),
  ]);
  const valid = reasons.filter(({ atMs }) => atMs < Infinity);
  return { atMs: Math.min(...valid.map(({ atMs }) => atMs)), rules: valid.flatMap(({ rule }) => rule ?? []) };
}

/** Undefined: it may stay. `rules`: those that count, by default all that evict. */
export function evictionOf(
  pod: Pod,
  cache: Cache,
  rules: readonly DeviceTaintRule[] = cache.list(deviceTaintRules).filter(evicts),
): Eviction | undefined {
  if ((pod.spec.nodeName ?? '') === '') return undefined;
  const evictions = (pod.spec.resourceClaims ?? []).flatMap((podClaim) => {
    const name = claimNameOfPod(pod, podClaim);
    const claim = name === undefined ? undefined : cache.get(resourceClaims, { namespace: namespaceOf(pod), name });
    if (claim === undefined || !isReservedFor(pod, claim)) return [];
    if (podClaim.resourceClaimName === undefined && !isMadeForPod(pod, claim)) return [];
    return [evictionOfClaim(claim, rules, cache)];
  });
  const atMs = Math.min(...evictions.map((eviction) => eviction.atMs));
  return atMs === Infinity ? undefined : { atMs, rules: [...new Set(evictions.flatMap((eviction) => eviction.rules))] };
}
