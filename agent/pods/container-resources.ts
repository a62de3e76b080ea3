/** Requests and limits as the kernel's numbers. Pure. Source: pkg/kubelet/cm/helpers_linux.go, pkg/kubelet/qos/policy.go */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { quantityMilli, quantityValue } from '../../functions/kube/quantity.ts';
import type { ContainerResources } from '../runtime/runtime.ts';

const cpuPeriodMicros = 100_000;
const quotaMicrosMin = 1000;
const sharesPerCpu = 1024;
const sharesMin = 2;
const sharesMax = 262_144;
const besteffortScore = 1000;
const burstableScoreMin = 3;
/** Guaranteed pods ask for -997. Without the right to lower a score the runtime raises it to its own. */
const guaranteedScore = -997;

function oomScoreAdj(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  if (pod.status?.qosClass === 'Guaranteed') return guaranteedScore;
  if (pod.status?.qosClass === 'BestEffort') return besteffortScore;
  const requested = quantityValue(container.resources?.requests?.['memory'] ?? '0');
  const score = 1000 - Math.floor((1000 * requested) / Math.max(1, memoryCapacityBytes));
  return Math.min(besteffortScore - 1, Math.max(burstableScoreMin, score));
}

export function containerResources(pod: Pod, container: Container, memoryCapacityBytes: number): ContainerResources {
  const limits = container.resources?.limits ?? {};
  const requests = container.resources?.requests ?? {};
  const limitMilli = limits['cpu'] === undefined ? 0 : quantityMilli(limits['cpu']);
  const requestMilli = requests['cpu'] === undefined ? limitMilli : quantityMilli(requests['cpu']);
  const shares = Math.min(sharesMax, Math.max(sharesMin, Math.floor((requestMilli * sharesPerCpu) / 1000)));
  return {
    cpuPeriodMicros,
    cpuQuotaMicros: limitMilli === 0 ? 0 : Math.max(quotaMicrosMin, (limitMilli * cpuPeriodMicros) / 1000),
    cpuShares: shares,
    memoryLimitBytes: limits['memory'] === undefined ? 0 : quantityValue(limits['memory']),
    oomScoreAdj: oomScoreAdj(pod, container, memoryCapacityBytes),
  };
}
