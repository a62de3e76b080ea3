/**
 * A node that is short of something takes no more pods that would make it worse. Pure.
 * Source: pkg/kubelet/eviction/eviction_manager.go (Admit)
 */
import type { Pod } from '../../functions/kube/generated/types.ts';
import type { PressureType } from '../eviction/thresholds.ts';
import { isCritical } from '../eviction/ranking.ts';
import type { Rejection } from './node-features.ts';
import { specOf } from './pod-facts.ts';

const toleratesMemoryPressure = (pod: Pod): boolean =>
  (specOf(pod).tolerations ?? []).some(
    ({ key = '', effect = '', operator }) =>
      (key === 'node.kubernetes.io/memory-pressure' || (key === '' && operator === 'Exists')) && (effect === '' || effect === 'NoSchedule'),
  );

export function pressureRejection(pod: Pod, pressures: ReadonlySet<PressureType> = new Set()): Rejection | undefined {
  if (pressures.size === 0 || pod.status?.startTime !== undefined || isCritical(pod)) return undefined;
  const isOfMemoryAlone = pressures.size === 1 && pressures.has('MemoryPressure');
  if (isOfMemoryAlone && (pod.status?.qosClass !== 'BestEffort' || toleratesMemoryPressure(pod))) return undefined;
  return { reason: 'Evicted', message: `The node had condition: [${[...pressures].toSorted().join(' ')}]. ` };
}
