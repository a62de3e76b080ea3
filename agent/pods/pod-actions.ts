/** Does what a plan asks for. What goes wrong becomes an Event and something to remember, not an exception. */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { quantityValue } from '../../functions/kube/quantity.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { VolumeError, type PodVolumes } from '../volumes/volumes.ts';
import type { Action } from './actions.ts';
import { mountBackOff, nextBackOff, sandboxBackOff } from './back-off.ts';
import { bandwidthProblem } from './bandwidth.ts';
import { containerResources } from './container-resources.ts';
import { startContainer } from './container-start.ts';
import { stopContainers } from './container-stop.ts';
import type { NodeContext } from './node-context.ts';
import { userNamespaceProblem } from './node-features.ts';
import { specOf } from './pod-facts.ts';
import type { ObservedPod, PodMemory } from './observed-pod.ts';
import { recordPodEvent } from './pod-events.ts';
import { possibleCgroups } from './pod-cgroup.ts';
import { sandboxConfig } from './sandbox-config.ts';

/** Source: pkg/kubelet/kubelet.go (ContainerGCPeriod) */
const removalRetryMs = 60_000;

export interface ActionInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly memory: PodMemory;
  readonly volumes: PodVolumes;
  readonly shortenGrace: AbortSignal;
}

export interface ActionResult {
  readonly memory: PodMemory;
  readonly volumes?: PodVolumes;
  readonly succeeded: boolean;
}

export async function executeAction(context: NodeContext, action: Action, input: ActionInput): Promise<ActionResult> {
  try {
    return await execute(context, action, input);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    context.log.warn('the runtime refused', { action: action.kind, pod: uidOf(input.pod), error });
    return { memory: input.memory, succeeded: false };
  }
}

async function execute(context: NodeContext, action: Action, input: ActionInput): Promise<ActionResult> {
  const { runtime } = context;
  const done: ActionResult = { memory: input.memory, succeeded: true };
  switch (action.kind) {
    case 'setUpVolumes':
      return setUpVolumes(context, input);
    case 'createSandbox':
      return createSandbox(context, action.attempt, input);
    case 'stopSandbox':
      if (action.changed)
        recordPodEvent(context, input.pod, ['Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.']);
      await runtime.stopSandbox(action.sandboxId);
      return done;
    case 'removeSandbox':
      await runtime.removeSandbox(action.sandboxId);
      return done;
    case 'startContainer':
      // The pod's NetworkPolicies must hold before any of its containers runs.
      await context.attach(input.pod, input.observed.sandboxes[0]?.ips ?? []);
      return { memory: await startContainer(context, action, input), succeeded: true };
    case 'stopContainers': {
      const podIp = input.observed.sandboxes[0]?.ips[0] ?? context.hostIps[0] ?? '';
      await stopContainers(context, action.stops, { pod: input.pod, podIp, shortenGrace: input.shortenGrace });
      return done;
    }
    case 'resizeContainer':
      return resizeContainer(context, action, input);
    case 'removeContainer':
      return removeContainer(context, action, input);
    case 'tearDownVolumes': {
      await context.volumes.tearDown(uidOf(input.pod));
      await context.files.remove(input.pod, possibleCgroups(context.facts.cgroups, uidOf(input.pod)));
      return { memory: { ...input.memory, volumes: 'released' }, succeeded: true };
    }
  }
}

async function resizeContainer(
  context: NodeContext,
  { containerId, container }: Action & { kind: 'resizeContainer' },
  { pod, memory }: ActionInput,
): Promise<ActionResult> {
  const { resizeFailure: _past, ...kept } = memory;
  try {
    const capacityBytes = quantityValue(context.allocatable['memory'] ?? '0');
    await context.runtime.updateContainer(containerId, containerResources(pod, container, capacityBytes));
    return { memory: { ...kept, resources: { ...memory.resources, [containerId]: container.resources ?? {} } }, succeeded: true };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    recordPodEvent(context, pod, ['Warning', 'ResizeError', `Pod resize error: ${error.description}`]);
    return { memory: { ...memory, resizeFailure: error.description }, succeeded: false };
  }
}

async function removeContainer(
  context: NodeContext,
  { containerId, mayWait = false, keepsLogs = false }: Action & { kind: 'removeContainer' },
  { pod, observed, memory }: ActionInput,
): Promise<ActionResult> {
  const { [containerId]: _refused, ...removals } = memory.removals;
  try {
    await context.runtime.removeContainer(containerId);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    context.log.warn('the runtime did not remove a container; it is asked again', { container: containerId, pod: uidOf(pod), error });
    const retryAtMs = context.clock.now() + removalRetryMs;
    return { memory: { ...memory, removals: { ...removals, [containerId]: retryAtMs } }, succeeded: mayWait };
  }
  const container = observed.containers.find(({ id }) => id === containerId);
  if (container !== undefined && !keepsLogs) await context.files.removeContainer(pod, container.name, container.attempt);
  return { memory: { ...memory, removals }, succeeded: true };
}

async function setUpVolumes(context: NodeContext, { pod, memory }: ActionInput): Promise<ActionResult> {
  try {
    const volumes = await context.volumes.setUp(pod);
    return { memory: { ...memory, volumes: 'ready' }, volumes, succeeded: true };
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error;
    recordPodEvent(context, pod, [
      'Warning',
      'FailedMount',
      `MountVolume.SetUp failed for volume "${error.volumeName}" : ${error.message}`,
    ]);
    const nowMs = context.clock.now();
    const before = typeof memory.volumes === 'object' ? memory.volumes.backOff : undefined;
    const backOff = nextBackOff(before, nowMs, mountBackOff);
    return { memory: { ...memory, volumes: { message: error.message, retryAtMs: nowMs + backOff.delayMs, backOff } }, succeeded: true };
  }
}

async function createSandbox(context: NodeContext, attempt: number, { pod, memory }: ActionInput): Promise<ActionResult> {
  if (!context.networkIsReady()) {
    const message = 'network is not ready: container runtime network not ready: NetworkReady=false';
    recordPodEvent(context, pod, ['Warning', 'NetworkNotReady', message]);
    return { memory: sandboxFailed(context, memory, message), succeeded: true };
  }
  try {
    const handler = runtimeHandlerOf(context, pod);
    const problem = bandwidthProblem(pod);
    if (problem !== undefined) throw new SandboxError(problem);
    await context.files.prepareSandbox(pod);
    await context.starts.run(() => context.runtime.runSandbox(sandboxConfig(pod, attempt, context.facts), handler));
    return { memory: { ...memory, sandboxFailure: undefined, sandboxBackOff: undefined }, succeeded: true };
  } catch (error) {
    if (!(error instanceof RuntimeError || error instanceof SandboxError)) throw error;
    recordPodEvent(context, pod, ['Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${error.message}`]);
    return { memory: sandboxFailed(context, memory, error.message), succeeded: false };
  }
}

/** The node cannot make the sandbox that the pod asks for. The message is what kubectl shows. */
class SandboxError extends Error {
  override name = 'SandboxError';
}

/** Throws SandboxError. Source: pkg/kubelet/runtimeclass/runtimeclass_manager.go, pkg/kubelet/userns */
function runtimeHandlerOf(context: NodeContext, pod: Pod): string {
  const name = specOf(pod).runtimeClassName ?? '';
  const runtimeClass = name === '' ? undefined : context.lookup.runtimeClass(name);
  if (name !== '' && runtimeClass === undefined) throw new SandboxError(`runtimeclass.node.k8s.io "${name}" not found`);
  const handler = runtimeClass?.handler ?? '';
  const features = context.features();
  if (features === undefined) throw new SandboxError('the container runtime has not reported yet what it supports');
  const problem = userNamespaceProblem(pod, features, handler);
  if (problem !== undefined) throw new SandboxError(problem);
  return handler;
}

function sandboxFailed(context: NodeContext, memory: PodMemory, message: string): PodMemory {
  const nowMs = context.clock.now();
  const backOff = nextBackOff(memory.sandboxBackOff, nowMs, sandboxBackOff);
  return { ...memory, sandboxBackOff: backOff, sandboxFailure: { message, retryAtMs: nowMs + backOff.delayMs } };
}
