/** Source: pkg/registry/core/persistentvolume/strategy.go. */
import type { PersistentVolume } from '../../../kube/generated/types.ts';
import { timestamp } from '../../../kube/time.ts';
import type { WriteContext } from '../../definition.ts';

export function prepareForCreate(volume: PersistentVolume, { nowMs }: WriteContext): void {
  volume.status = { phase: 'Pending', lastPhaseTransitionTime: timestamp(nowMs) };
}

export function prepareForStatusUpdate(next: PersistentVolume, current: PersistentVolume, { nowMs }: WriteContext): void {
  const [after, before] = [next.status ?? {}, current.status ?? {}];
  const { lastPhaseTransitionTime: time } = after;
  if (after.phase === before.phase) {
    if (time === undefined && before.lastPhaseTransitionTime !== undefined) after.lastPhaseTransitionTime = before.lastPhaseTransitionTime;
  } else if (time === undefined || time === before.lastPhaseTransitionTime) {
    after.lastPhaseTransitionTime = timestamp(nowMs);
  }
  next.status = after;
}
