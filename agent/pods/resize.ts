/**
 * Other resources for containers that run: what they have now, what they should have, and whether the node has room for
 * it. Pure. Source: pkg/kubelet/allocation/allocation_manager.go, kuberuntime_manager.go (computePodResizeAction)
 */
import type { Container, ContainerStatus as ReportedStatus, Pod, ResourceRequirements } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { isPodFinished, podRequests } from '../../functions/kube/pod.ts';
import { parseQuantity } from '../../functions/kube/quantity.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import type { Action, ContainerStop } from './actions.ts';
import { graceSecondsOf, isSidecar, specOf } from './pod-facts.ts';
import type { PodMemory } from './observed-pod.ts';

/** Why the wanted resources are not given. */
export interface ResizePending {
  /** `Infeasible`: never on this node. `Deferred`: when other pods have left. */
  readonly reason: 'Infeasible' | 'Deferred';
  readonly message: string;
}

export interface ResizePlan {
  readonly actions: readonly Action[];
  readonly pending: ResizePending | undefined;
}

export interface ResizeInput {
  readonly pod: Pod;
  /** Newest first. */
  readonly containers: readonly ContainerStatus[];
  readonly memory: PodMemory;
  readonly neighbours: readonly Pod[];
  readonly allocatable: Readonly<Record<string, string>>;
}

const resizable = ['cpu', 'memory'] as const;
type Resizable = (typeof resizable)[number];

/** The resources that a container was last given. Without memory of it: those of its status, or else of its spec. */
export function actualResources(
  container: Container,
  status: ContainerStatus,
  { memory, prior }: { readonly memory: PodMemory; readonly prior: ReportedStatus | undefined },
): ResourceRequirements {
  const isReported = prior?.containerID?.endsWith(status.id) === true && prior.resources !== undefined;
  return memory.resources[status.id] ?? (isReported ? (prior?.resources ?? {}) : (container.resources ?? {}));
}

const differs = (wanted: ResourceRequirements, actual: ResourceRequirements, name: Resizable): boolean =>
  (['requests', 'limits'] as const).some((kind) => !isSameAmount(wanted[kind]?.[name], actual[kind]?.[name]));

const isSameAmount = (a: string | undefined, b: string | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && parseQuantity(a) === parseQuantity(b));

interface Change {
  readonly container: Container;
  readonly status: ContainerStatus;
  readonly restarts: boolean;
}

const resizedContainers = (pod: Pod): readonly Container[] => [
  ...(specOf(pod).initContainers ?? []).filter(isSidecar),
  ...specOf(pod).containers,
];

function changesOf({ pod, containers, memory }: ResizeInput): readonly Change[] {
  const reported = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return resizedContainers(pod).flatMap((container): Change[] => {
    const status = containers.find(({ name }) => name === container.name);
    if (status?.state !== 'running') return [];
    const actual = actualResources(container, status, { memory, prior: reported.find(({ name }) => name === container.name) });
    const changed = resizable.filter((name) => differs(container.resources ?? {}, actual, name));
    const policyOf = (name: string): string | undefined =>
      container.resizePolicy?.find(({ resourceName }) => resourceName === name)?.restartPolicy;
    return changed.length === 0 ? [] : [{ container, status, restarts: changed.some((name) => policyOf(name) === 'RestartContainer') }];
  });
}

const amount = (nanos: bigint, name: Resizable): bigint => (name === 'cpu' ? nanos / 1_000_000n : nanos / 1_000_000_000n);

function shortage({ pod, neighbours, allocatable }: ResizeInput): ResizePending | undefined {
  const others = neighbours.filter((other) => uidOf(other) !== uidOf(pod) && !isPodFinished(other));
  const wanted = podRequests(pod);
  for (const name of resizable) {
    const requested = amount(wanted[name] ?? 0n, name);
    const capacity = amount(parseQuantity(allocatable[name] ?? '0'), name);
    if (requested > capacity) {
      const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
      return { reason: 'Infeasible', message };
    }
  }
  for (const name of resizable) {
    const requested = amount(wanted[name] ?? 0n, name);
    const capacity = amount(parseQuantity(allocatable[name] ?? '0'), name);
    const used = amount(
      others.reduce((sum, other) => sum + (podRequests(other)[name] ?? 0n), 0n),
      name,
    );
    if (requested > capacity - used) {
      const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
      return { reason: 'Deferred', message };
    }
  }
  return undefined;
}

export function planResize(input: ResizeInput): ResizePlan {
  const changes = changesOf(input);
  if (changes.length === 0) return { actions: [], pending: undefined };
  const pending = shortage(input);
  if (pending !== undefined) return { actions: [], pending };
  const stops = changes
    .filter(({ restarts }) => restarts)
    .map(({ container, status }): ContainerStop => ({
      containerId: status.id,
      container,
      name: container.name,
      message: `Container ${container.name} resize requires restart`,
      graceSeconds: graceSecondsOf(input.pod),
      runPreStop: true,
    }));
  const updates = changes
    .filter(({ restarts }) => !restarts)
    .map(({ container, status }): Action => ({ kind: 'resizeContainer', containerId: status.id, container }));
  return { actions: [...(stops.length === 0 ? [] : [{ kind: 'stopContainers' as const, stops }]), ...updates], pending: undefined };
}
