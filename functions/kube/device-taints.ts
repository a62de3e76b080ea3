/** Taints of devices: those that their drivers publish and those that rules add. Source: dynamic-resource-allocation, resourceclaim/devicetoleration.go. */
import type { Device, DeviceTaint, DeviceTaintRule, DeviceToleration } from './generated/types.ts';

export function toleratesDevice({ key = '', operator = 'Equal', value = '', effect = '' }: DeviceToleration, taint: DeviceTaint): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? ''));
}

/** Where a device is published. */
export interface DevicePlace {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
}

/** A rule without a selector selects nothing. */
export function selectsDevice({ spec }: DeviceTaintRule, { driver, pool, device }: DevicePlace): boolean {
  const selector = spec.deviceSelector;
  if (selector === undefined) return false;
  const is = (wanted: string | undefined, actual: string): boolean => wanted === undefined || wanted === actual;
  return is(selector.driver, driver) && is(selector.pool, pool) && is(selector.device, device);
}

/** The device with the taints of the rules that select it. */
export function withRuleTaints(device: Device, place: DevicePlace, rules: readonly DeviceTaintRule[]): Device {
  const added = rules.filter((rule) => selectsDevice(rule, place)).map(({ spec }) => spec.taint);
  return added.length === 0 ? device : { ...device, taints: [...(device.taints ?? []), ...added] };
}
