/** Pulls and mounts the images that a container mounts as volumes. Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go (getImageVolumes, toKubeContainerImageVolumes) */
import type { Container } from '../../functions/kube/generated/types.ts';
import { CommandFailed } from '../network/run.ts';
import type { SandboxConfig } from '../runtime/runtime.ts';
import type { StartInput } from './container-start.ts';
import { ensureImage } from './image-pull.ts';
import type { NodeContext } from './node-context.ts';
import type { PodMemory, StartFailure } from './observed-pod.ts';
import { recordContainerEvent } from './pod-events.ts';
import { specOf } from './pod-facts.ts';

export interface MountedImages {
  readonly memory: PodMemory;
  /** The failure of the first image that is not there. */
  readonly failure?: StartFailure;
}

const retrySeconds = 10;

export async function mountImages(
  context: NodeContext,
  container: Container,
  { pod, memory: before, volumes }: StartInput,
  sandbox: SandboxConfig,
): Promise<MountedImages> {
  let memory = before;
  const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
  for (const { name, image: source } of specOf(pod).volumes ?? []) {
    if (source === undefined || !mounted.has(name)) continue;
    const asked: Container = { name: container.name, image: source.reference, imagePullPolicy: source.pullPolicy };
    const pulled = await ensureImage(context, { pod, container: asked, sandbox, memory });
    memory = pulled.memory;
    if (pulled.outcome === 'failed') return { memory, failure: pulled.failure };
    try {
      await context.mountImage?.(pulled.image, volumes.get(name)?.path ?? '');
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      const message = `failed to mount image volume "${name}"`;
      // What is on the host is not the pod's business: the reason stays in the agent's log.
      context.log.warn('an image could not be mounted', { image: source.reference, error: error.message });
      recordContainerEvent(context, pod, container, ['Warning', 'Failed', `Error: ${message}`]);
      const nowMs = context.clock.now();
      const retryAtMs = nowMs + retrySeconds * 1000;
      return { memory, failure: { reason: 'CreateContainerError', message, failedAtMs: nowMs, retryAtMs } };
    }
  }
  return { memory };
}
