/** From a decision to start a container to a running one: image, config, create, start, postStart. */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { quantityValue } from '../../functions/kube/quantity.ts';
import { RuntimeError, type Image } from '../runtime/runtime.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import type { Action } from './actions.ts';
import { containerBackOff, nextBackOff } from './back-off.ts';
import { containerConfig, partsOfVolumes, type MountedPart } from './container-config.ts';
import { readEnvFiles } from './env-file.ts';
import { HookError, runHook } from './hooks.ts';
import { ensureImage } from './image-pull.ts';
import { mountImages } from './image-volumes.ts';
import { ContainerConfigError } from './lookup.ts';
import type { NodeContext } from './node-context.ts';
import type { ObservedPod, PodMemory } from './observed-pod.ts';
import { handlerFeatures } from './node-features.ts';
import { graceSecondsOf, isHostNetwork, specOf } from './pod-facts.ts';
import { recordContainerEvent } from './pod-events.ts';
import { sandboxConfig } from './sandbox-config.ts';

type StartAction = Extract<Action, { kind: 'startContainer' }>;

export interface StartInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly memory: PodMemory;
  readonly volumes: PodVolumes;
}

const retrySeconds = 10;
const postStartSecondsMax = 300;

function failed(context: NodeContext, memory: PodMemory, name: string, [reason, message]: readonly [string, string]): PodMemory {
  const nowMs = context.clock.now();
  const failure = { reason, message, failedAtMs: nowMs, retryAtMs: nowMs + retrySeconds * 1000 };
  return { ...memory, failures: { ...memory.failures, [name]: failure } };
}

function succeeded(memory: PodMemory, name: string): PodMemory {
  const { [name]: _settled, ...failures } = memory.failures;
  return { ...memory, failures };
}

/** Answers the memory that the next plan needs; a failure is part of it, not an exception. */
export async function startContainer(context: NodeContext, action: StartAction, input: StartInput): Promise<PodMemory> {
  const { container } = action;
  const { pod } = input;
  if (action.createdId !== undefined) return startCreated(context, action, { ...input, containerId: action.createdId });
  const memory = action.isRestart ? withRestart(context, input.memory, container.name) : input.memory;
  const sandbox = sandboxConfig(pod, input.observed.sandboxes[0]?.attempt ?? 0, context.facts);
  const pulled = await ensureImage(context, { pod, container, sandbox, memory });
  if (pulled.outcome === 'failed') {
    return { ...pulled.memory, failures: { ...pulled.memory.failures, [container.name]: pulled.failure } };
  }
  const mounted = await mountImages(context, container, { ...input, memory: pulled.memory }, sandbox);
  if (mounted.failure !== undefined) {
    return { ...mounted.memory, failures: { ...mounted.memory.failures, [container.name]: mounted.failure } };
  }
  return createAndStart(context, action, { ...input, memory: mounted.memory, image: pulled.image });
}

const withRestart = (context: NodeContext, memory: PodMemory, name: string): PodMemory => ({
  ...memory,
  restarts: { ...memory.restarts, [name]: nextBackOff(memory.restarts[name], context.clock.now(), containerBackOff) },
});

async function createAndStart(
  context: NodeContext,
  action: StartAction,
  input: StartInput & { readonly image: Image },
): Promise<PodMemory> {
  const { container } = action;
  const { pod, memory } = input;
  let step = 'CreateContainerConfigError';
  try {
    const containerId = await context.starts.run(async () => {
      const config = await configOf(context, action, input);
      step = 'CreateContainerError';
      const id = await context.runtime.createContainer(action.sandboxId, config.container, config.sandbox);
      recordContainerEvent(context, pod, container, ['Normal', 'Created', 'Container created']);
      step = 'RunContainerError';
      await start(context, action, pod, id);
      return id;
    });
    const resources = { ...memory.resources, [containerId]: container.resources ?? {} };
    return await postStart(context, action, { ...input, memory: { ...memory, resources }, containerId });
  } catch (error) {
    return startFailure(context, { pod, container, memory }, step, error);
  }
}

interface CreatedInput extends StartInput {
  readonly containerId: string;
}

async function startCreated(context: NodeContext, action: StartAction, input: CreatedInput): Promise<PodMemory> {
  const { container } = action;
  const { pod, memory, containerId } = input;
  try {
    await context.starts.run(() => start(context, action, pod, containerId));
    return await postStart(context, action, input);
  } catch (error) {
    return startFailure(context, { pod, container, memory }, 'RunContainerError', error);
  }
}

async function start(context: NodeContext, { container, attempt }: StartAction, pod: Pod, id: string): Promise<void> {
  await context.runtime.startContainer(id);
  recordContainerEvent(context, pod, container, ['Normal', 'Started', 'Container started']);
  await context.files.linkLog(pod, { name: container.name, id, attempt });
}

function startFailure(
  context: NodeContext,
  { pod, container, memory }: { readonly pod: Pod; readonly container: Container; readonly memory: PodMemory },
  step: string,
  error: unknown,
): PodMemory {
  if (!(error instanceof RuntimeError || error instanceof ContainerConfigError)) throw error;
  const message = error instanceof RuntimeError ? error.description : error.message;
  recordContainerEvent(context, pod, container, ['Warning', 'Failed', `Error: ${message}`]);
  return failed(context, memory, container.name, [step, message]);
}

function targetOf(pod: Pod, name: string, observed: ObservedPod): string | undefined {
  const target = specOf(pod).ephemeralContainers?.find((container) => container.name === name)?.targetContainerName ?? '';
  if (target === '') return undefined;
  const found = observed.containers.find((container) => container.name === target && container.state === 'running');
  if (found === undefined) throw new ContainerConfigError(`unable to find target container ${target}`);
  return found.id;
}

/** Makes and mounts the parts of volumes that this container mounts alone. Answers where they are. */
async function bindSubPaths(
  context: NodeContext,
  { pod, container }: { readonly pod: Pod; readonly container: Container },
  parts: readonly MountedPart[],
): Promise<ReadonlyMap<number, string>> {
  const paths = new Map<number, string>();
  for (const part of parts) {
    try {
      paths.set(part.index, await context.files.bindSubPath(pod, container.name, part));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // What is on the host is not the pod's business: the reason stays in the agent's log.
      context.log.warn('a part of a volume could not be mounted', { path: part.path, error: error.message });
      const message = `failed to prepare subPath for volumeMount "${part.volumeName}" of container "${container.name}"`;
      throw new ContainerConfigError(message);
    }
  }
  return paths;
}

async function configOf(context: NodeContext, action: StartAction, input: StartInput & { readonly image: Image }) {
  const { container, attempt } = action;
  const { pod, observed, volumes } = input;
  const sandbox = sandboxConfig(pod, observed.sandboxes[0]?.attempt ?? 0, context.facts);
  const podIps = podIpsOf(context, input);
  const known = {
    pod,
    container,
    volumes,
    podIps,
    lookup: context.lookup,
    hostIps: context.hostIps,
    nodeName: context.facts.nodeName,
    allocatable: context.allocatable,
    envFiles: await readEnvFiles(container, volumes),
  };
  const config = containerConfig({
    ...known,
    attempt,
    hasRecursiveReadOnly: hasRecursiveReadOnly(context, pod),
    image: input.image,
    memoryCapacityBytes: quantityValue(context.allocatable['memory'] ?? '0'),
    directories: context.facts.directories,
    subPaths: await bindSubPaths(context, { pod, container }, partsOfVolumes(known)),
    devices: await context.devices?.grant(pod, container, context.pods()),
    targetContainerId: targetOf(pod, container.name, observed),
  });
  await context.files.prepareContainer(pod, container.name, attempt, podIps);
  return { container: config, sandbox };
}

function hasRecursiveReadOnly(context: NodeContext, pod: Pod): boolean {
  const runtimeClass = context.lookup.runtimeClass(specOf(pod).runtimeClassName ?? '');
  return handlerFeatures(context.features(), runtimeClass?.handler ?? '').recursiveReadOnlyMounts;
}

const podIpsOf = (context: NodeContext, { pod, observed }: StartInput): readonly string[] =>
  isHostNetwork(pod) ? context.hostIps : (observed.sandboxes[0]?.ips ?? []);

async function postStart(context: NodeContext, action: StartAction, input: CreatedInput): Promise<PodMemory> {
  const { container } = action;
  const { pod, memory, containerId } = input;
  const handler = container.lifecycle?.postStart;
  if (handler === undefined) return succeeded(memory, container.name);
  const podIp = podIpsOf(context, input)[0] ?? '';
  try {
    await runHook(context.runtime, context.clock, { handler, container, containerId, podIp, timeoutSeconds: postStartSecondsMax });
    return succeeded(memory, container.name);
  } catch (error) {
    if (!(error instanceof HookError || error instanceof RuntimeError)) throw error;
    recordContainerEvent(context, pod, container, ['Warning', 'FailedPostStartHook', 'PostStartHook failed']);
    recordContainerEvent(context, pod, container, ['Normal', 'Killing', 'FailedPostStartHook']);
    await context.runtime.stopContainer(containerId, graceSecondsOf(pod));
    return failed(context, memory, container.name, ['PostStartHookError', error.message]);
  }
}
