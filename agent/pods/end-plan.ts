/**
 * How a pod ends: main containers first and together, then sidecars from the last to the first, then the sandbox. Pure.
 * Source: pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainersWithSyncResult, termination ordering)
 */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { isTerminating } from '../../functions/kube/object.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import type { Action, ContainerStop } from './actions.ts';
import type { ObservedPod } from './observed-pod.ts';
import { containersOf, graceSecondsOf, isSidecar, specOf } from './pod-facts.ts';

/** A pod deleted by force still gets a moment. Source: pkg/kubelet/pod_workers.go (calculateEffectiveGracePeriod) */
const forcedGraceSeconds = 1;

const isAlive = ({ state }: ContainerStatus): boolean => state === 'running' || state === 'unknown';

/** Nothing runs and no network is held. */
export const hasEnded = (observed: ObservedPod): boolean =>
  !observed.containers.some(isAlive) && !observed.sandboxes.some(({ ready }) => ready);

interface EndInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly gone: boolean;
  /** The node gives it no longer than this. */
  readonly graceSecondsMax?: number | undefined;
}

function stopOf({ pod, gone, graceSecondsMax = Infinity }: EndInput, status: ContainerStatus): ContainerStop {
  const container: Container | undefined = containersOf(pod).find(({ name }) => name === status.name);
  const forced = gone && !isTerminating(pod);
  return {
    containerId: status.id,
    container,
    name: status.name,
    message: `Stopping container ${status.name}`,
    graceSeconds: Math.min(graceSecondsMax, forced ? forcedGraceSeconds : graceSecondsOf(pod)),
    // In a second no hook comes to its end.
    runPreStop: !forced && graceSecondsMax > forcedGraceSeconds,
  };
}

export function planEnd(input: EndInput): Action[] {
  const { pod, observed } = input;
  const alive = observed.containers.filter(isAlive);
  const sidecars = (specOf(pod).initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const first = alive.filter(({ name }) => !sidecars.includes(name));
  if (first.length > 0) return [{ kind: 'stopContainers', stops: first.map((status) => stopOf(input, status)) }];
  const lastSidecar = alive.toSorted((a, b) => sidecars.indexOf(b.name) - sidecars.indexOf(a.name))[0];
  if (lastSidecar !== undefined) return [{ kind: 'stopContainers', stops: [stopOf(input, lastSidecar)] }];
  return observed.sandboxes.filter(({ ready }) => ready).map(({ id }) => ({ kind: 'stopSandbox', sandboxId: id, changed: false }));
}
