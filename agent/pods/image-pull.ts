/** Pulls a container's image onto the node where its pull policy asks for it. Source: pkg/kubelet/images/image_manager.go */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { RuntimeError, type Image } from '../runtime/runtime.ts';
import { containerBackOff, nextBackOff } from './back-off.ts';
import { imageNameProblem, shownImage } from './image-name.ts';
import type { NodeContext } from './node-context.ts';
import type { PodMemory, StartFailure } from './observed-pod.ts';
import { registryCredential } from './registry-credential.ts';
import type { SandboxConfig } from '../runtime/runtime.ts';
import { recordContainerEvent } from './pod-events.ts';

export type ImageResult =
  | { readonly outcome: 'present'; readonly image: Image; readonly memory: PodMemory }
  | { readonly outcome: 'failed'; readonly failure: StartFailure; readonly memory: PodMemory };

const refusedSeconds = 10;

/** Source: pkg/apis/core/v1/defaults.go: no tag and `latest` are asked for anew each time. */
function pullPolicyOf(container: Container): string {
  if (container.imagePullPolicy !== undefined) return container.imagePullPolicy;
  const last = (container.image ?? '').split('/').at(-1) ?? '';
  return last.includes('@') || (last.includes(':') && !last.endsWith(':latest')) ? 'IfNotPresent' : 'Always';
}

const seconds = (ms: number): string => (ms < 1000 ? `${Math.max(1, Math.round(ms))}ms` : `${Number((ms / 1000).toFixed(3))}s`);

export interface PullInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly sandbox: SandboxConfig;
  readonly memory: PodMemory;
}

export async function ensureImage(context: NodeContext, input: PullInput): Promise<ImageResult> {
  const { pod, container, memory } = input;
  const image = container.image ?? '';
  const policy = pullPolicyOf(container);
  const problem = imageNameProblem(image);
  if (problem !== undefined) {
    const message = `Failed to apply default image tag "${shownImage(image)}": ${problem}`;
    return refused(context, input, { reason: 'InvalidImageName', message, event: 'InspectFailed' });
  }
  const present = await context.runtime.imageStatus(image);
  if (present !== undefined && policy !== 'Always') {
    recordContainerEvent(context, pod, container, ['Normal', 'Pulled', `Container image "${image}" already present on machine`]);
    return { outcome: 'present', image: present, memory };
  }
  if (policy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    return refused(context, input, { reason: 'ErrImageNeverPull', message, event: 'ErrImageNeverPull' });
  }
  return pull(context, input, image);
}

/** No pull is tried, and waiting longer would not help: things may change on the node. */
function refused(context: NodeContext, { pod, container, memory }: PullInput, why: Refusal): ImageResult {
  const { reason, message, event } = why;
  recordContainerEvent(context, pod, container, ['Warning', event, message]);
  recordContainerEvent(context, pod, container, ['Warning', 'Failed', `Error: ${reason}`]);
  const nowMs = context.clock.now();
  return { outcome: 'failed', failure: { reason, message, failedAtMs: nowMs, retryAtMs: nowMs + refusedSeconds * 1000 }, memory };
}

interface Refusal {
  readonly reason: string;
  readonly message: string;
  readonly event: string;
}

async function pull(context: NodeContext, input: PullInput, image: string): Promise<ImageResult> {
  const { pod, container, memory } = input;
  const startedMs = context.clock.monotonicMs();
  recordContainerEvent(context, pod, container, ['Normal', 'Pulling', `Pulling image "${image}"`]);
  try {
    const credential = registryCredential(pod, image, context.lookup) ?? (await context.credentials?.credential(image));
    await context.runtime.pullImage(image, input.sandbox, credential);
    const pulled = await context.runtime.imageStatus(image);
    if (pulled === undefined) throw new RuntimeError('NotFound', `image "${image}" is not there after it was pulled`);
    const took = seconds(context.clock.monotonicMs() - startedMs);
    const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${pulled.sizeBytes} bytes.`;
    recordContainerEvent(context, pod, container, ['Normal', 'Pulled', message]);
    const { [image]: _settled, ...pulls } = memory.pulls;
    return { outcome: 'present', image: pulled, memory: { ...memory, pulls } };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    recordContainerEvent(context, pod, container, ['Warning', 'Failed', `Failed to pull image "${image}": ${error.message}`]);
    recordContainerEvent(context, pod, container, ['Warning', 'Failed', 'Error: ErrImagePull']);
    const nowMs = context.clock.now();
    const backOff = nextBackOff(memory.pulls[image], nowMs, containerBackOff);
    const failure = { reason: 'ErrImagePull', message: error.message, failedAtMs: nowMs, retryAtMs: nowMs + backOff.delayMs };
    return { outcome: 'failed', failure, memory: { ...memory, pulls: { ...memory.pulls, [image]: backOff } } };
  }
}
