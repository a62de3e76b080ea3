/** What a pod asks of its node, in numbers that are quick to compare. Source: pkg/scheduler/framework/types.go, Resource. */
import type { Container, Pod, PodSpec } from '../kube/generated/types.ts';
import { hostPortsOf, type HostPort } from '../kube/host-ports.ts';
import { podRequests } from '../kube/pod.ts';

export interface PodDemand {
  /** Resource name → amount above zero: cpu in millicores, everything else in units. */
  readonly amounts: ReadonlyMap<string, number>;
  /** cpu and memory, where a container without a request is taken to ask for a little: so such pods spread, too. */
  readonly assumed: { readonly cpu: number; readonly memory: number };
  readonly hostPorts: readonly HostPort[];
}

/** Source: pkg/scheduler/util/pod_resources.go. */
const assumedRequests = { cpu: '100m', memory: '200Mi' };

const nanosPerMilli = 1_000_000n;
const nanosPerUnit = 1_000_000_000n;

/** Amounts beyond 2^53 lose their last digits. */
export function amountOf(resource: string, nanos: bigint): number {
  const unit = resource === 'cpu' ? nanosPerMilli : nanosPerUnit;
  return Number((nanos + unit - 1n) / unit);
}

function computed(pod: Pod): PodDemand {
  const requests = Object.entries(podRequests(pod)).map(([name, nanos]) => [name, amountOf(name, nanos)] as const);
  const assumed = podRequests(withAssumedRequests(pod));
  return {
    amounts: new Map(requests.filter(([, amount]) => amount > 0)),
    assumed: { cpu: amountOf('cpu', assumed['cpu'] ?? 0n), memory: amountOf('memory', assumed['memory'] ?? 0n) },
    hostPorts: hostPortsOf(pod),
  };
}

function withAssumedRequests(pod: Pod): Pod {
  const filled = (container: Container): Container => ({
    ...container,
    resources: { ...container.resources, requests: { ...assumedRequests, ...container.resources?.requests } },
  });
  const { containers, initContainers = [] } = pod.spec;
  return { ...pod, spec: { ...pod.spec, containers: containers.map(filled), initContainers: initContainers.map(filled) } };
}

/** Pods are never changed, only replaced: what was computed of a spec holds as long as it lives. */
const known = new WeakMap<PodSpec, PodDemand>();

export function demandOf(pod: Pod): PodDemand {
  const before = known.get(pod.spec);
  if (before !== undefined) return before;
  const demand = computed(pod);
  known.set(pod.spec, demand);
  return demand;
}
