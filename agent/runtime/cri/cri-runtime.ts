/** The port over CRI v1: containerd's socket. */
import { isRuntimeError, podUidLabel, type Runtime } from '../runtime.ts';
import { openChannel, type Channel } from './channel.ts';
import { cgroupDriver } from './cgroup-driver.ts';
import { containerConfigMessage, resourcesMessage, sandboxConfigMessage } from './requests.ts';
import {
  containerFrom,
  containerStatusFrom,
  type ContainerStatsMessage,
  imageFrom,
  sandboxFrom,
  sandboxStatusFrom,
  type ContainerMessage,
  type ContainerStatusMessage,
  type ImageMessage,
  type SandboxMessage,
  type SandboxStatusMessage,
} from './answers.ts';

/** What a call may take on top of the grace it was given. */
const stopSecondsExtra = 120;
const pullSecondsMax = 1800;
const eventFilters = ['namespace==k8s.io,topic~="/tasks/(start|exit|oom|delete)"'];

interface RuntimeConditionMessage {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Runtimes older than the question leave the last two out. */
interface StatusMessage {
  readonly status: { readonly conditions: readonly RuntimeConditionMessage[] };
  readonly runtimeHandlers: readonly {
    readonly name: string;
    readonly features: { readonly recursiveReadOnlyMounts: boolean; readonly userNamespaces: boolean } | null;
  }[];
  readonly features: { readonly supplementalGroupsPolicy: boolean } | null;
}

const ofPod = (podUid: string | undefined) => (podUid === undefined ? {} : { filter: { labelSelector: { [podUidLabel]: podUid } } });

type Part<Names extends keyof Runtime> = Pick<Runtime, Names>;

export function createCriRuntime(options: { readonly socketPath: string }): Runtime {
  const channel = openChannel(options.socketPath);
  return {
    ...nodePart(channel),
    ...sandboxPart(channel),
    ...containerPart(channel),
    ...imagePart(channel),
    ...execPart(channel),
    watch: (onChange, signal) => channel.subscribe(eventFilters, onChange, signal),
    close: () => channel.close(),
  };
}

const nodePart = (channel: Channel): Part<'version' | 'readiness' | 'cgroupDriver'> => ({
  async version() {
    const answer = await channel.call<{ runtimeName: string; runtimeVersion: string }>('RuntimeService', 'Version', { version: 'v1' }, 10);
    // Debian's containerd calls itself `1.6.20~ds1`; the packaging's suffix is left out.
    return { name: answer.runtimeName, version: answer.runtimeVersion.replace(/^v/, '').split(/[~+]/, 1)[0] ?? '' };
  },
  cgroupDriver: () => cgroupDriver(channel),
  async readiness() {
    const answer = await channel.call<StatusMessage>('RuntimeService', 'Status', {}, 10);
    const condition = (type: string) => {
      const found = answer.status.conditions.find((each) => each.type === type);
      return { ready: found?.status === true, message: found === undefined ? '' : found.message };
    };
    const handlers = answer.runtimeHandlers.map(({ name, features }) => ({
      name,
      recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts === true,
      userNamespaces: features?.userNamespaces === true,
    }));
    const features = { supplementalGroupsPolicy: answer.features?.supplementalGroupsPolicy === true, handlers };
    return { runtime: condition('RuntimeReady'), network: condition('NetworkReady'), features };
  },
});

const sandboxPart = (channel: Channel): Part<'listSandboxes' | 'sandboxStatus' | 'runSandbox' | 'stopSandbox' | 'removeSandbox'> => ({
  async listSandboxes(podUid) {
    const answer = await channel.call<{ items: SandboxMessage[] }>('RuntimeService', 'ListPodSandbox', ofPod(podUid));
    return answer.items.map(sandboxFrom);
  },
  async sandboxStatus(id) {
    const answer = await channel.call<{ status: SandboxStatusMessage }>('RuntimeService', 'PodSandboxStatus', { podSandboxId: id });
    return sandboxStatusFrom(answer.status);
  },
  async runSandbox(config, runtimeHandler) {
    const request = { config: sandboxConfigMessage(config), runtimeHandler };
    return (await channel.call<{ podSandboxId: string }>('RuntimeService', 'RunPodSandbox', request)).podSandboxId;
  },
  async stopSandbox(id) {
    await unlessGone(channel.call('RuntimeService', 'StopPodSandbox', { podSandboxId: id }));
  },
  async removeSandbox(id) {
    await unlessGone(channel.call('RuntimeService', 'RemovePodSandbox', { podSandboxId: id }));
  },
});

const containerPart = (
  channel: Channel,
): Part<
  | 'listContainers'
  | 'containerStatus'
  | 'writableLayers'
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'updateContainer'
  | 'removeContainer'
  | 'reopenLog'
> => ({
  async listContainers(podUid) {
    const answer = await channel.call<{ containers: ContainerMessage[] }>('RuntimeService', 'ListContainers', ofPod(podUid));
    return answer.containers.map(containerFrom);
  },
  async containerStatus(id) {
    const answer = await channel.call<{ status: ContainerStatusMessage }>('RuntimeService', 'ContainerStatus', { containerId: id });
    return containerStatusFrom(answer.status);
  },
  async writableLayers() {
    const { stats } = await channel.call<{ stats: ContainerStatsMessage[] }>('RuntimeService', 'ListContainerStats', {});
    return new Map(
      stats.map(({ attributes, writableLayer }) => [
        attributes?.id ?? '',
        { usedBytes: Number(writableLayer?.usedBytes?.value ?? 0), inodesUsed: Number(writableLayer?.inodesUsed?.value ?? 0) },
      ]),
    );
  },
  async createContainer(sandboxId, config, sandbox) {
    const request = { podSandboxId: sandboxId, config: containerConfigMessage(config), sandboxConfig: sandboxConfigMessage(sandbox) };
    return (await channel.call<{ containerId: string }>('RuntimeService', 'CreateContainer', request)).containerId;
  },
  async updateContainer(id, resources) {
    const request = { containerId: id, linux: resourcesMessage(resources) };
    await channel.call('RuntimeService', 'UpdateContainerResources', request);
  },
  async startContainer(id) {
    await channel.call('RuntimeService', 'StartContainer', { containerId: id });
  },
  async stopContainer(id, graceSeconds) {
    const request = { containerId: id, timeout: String(Math.max(0, Math.ceil(graceSeconds))) };
    await unlessGone(channel.call('RuntimeService', 'StopContainer', request, graceSeconds + stopSecondsExtra));
  },
  async removeContainer(id) {
    await unlessGone(channel.call('RuntimeService', 'RemoveContainer', { containerId: id }));
  },
  async reopenLog(containerId) {
    await channel.call('RuntimeService', 'ReopenContainerLog', { containerId });
  },
});

const imagePart = (channel: Channel): Part<'imageStatus' | 'listImages' | 'pullImage' | 'removeImage' | 'imageDirectory'> => ({
  async imageStatus(image) {
    const answer = await channel.call<{ image: ImageMessage | null }>('ImageService', 'ImageStatus', { image: { image } });
    return answer.image === null ? undefined : imageFrom(answer.image);
  },
  async listImages() {
    return (await channel.call<{ images: ImageMessage[] }>('ImageService', 'ListImages', {})).images.map(imageFrom);
  },
  async pullImage(image, sandbox, credential) {
    const request = {
      image: { image },
      sandboxConfig: sandboxConfigMessage(sandbox),
      ...(credential === undefined ? {} : { auth: credential }),
    };
    await channel.call('ImageService', 'PullImage', request, pullSecondsMax);
  },
  async removeImage(id) {
    await unlessGone(channel.call('ImageService', 'RemoveImage', { image: { image: id } }));
  },
  async imageDirectory() {
    const answer = await channel.call<{ imageFilesystems: { fsId: { mountpoint: string } | null }[] }>('ImageService', 'ImageFsInfo', {});
    return answer.imageFilesystems[0]?.fsId?.mountpoint ?? '/';
  },
});

const execPart = (channel: Channel): Part<'execSync' | 'execUrl' | 'attachUrl' | 'portForwardUrl'> => ({
  async execSync(containerId, command, timeoutSeconds) {
    const request = { containerId, cmd: command, timeout: String(timeoutSeconds) };
    return channel.call('RuntimeService', 'ExecSync', request, timeoutSeconds === 0 ? undefined : timeoutSeconds + stopSecondsExtra);
  },
  async execUrl({ command, ...request }) {
    return (await channel.call<{ url: string }>('RuntimeService', 'Exec', { ...request, cmd: command })).url;
  },
  async attachUrl(request) {
    return (await channel.call<{ url: string }>('RuntimeService', 'Attach', request)).url;
  },
  async portForwardUrl(sandboxId, ports) {
    return (await channel.call<{ url: string }>('RuntimeService', 'PortForward', { podSandboxId: sandboxId, port: ports })).url;
  },
});

/** Stopping or removing what is no longer there is what the caller wanted. */
async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isRuntimeError(error, 'NotFound')) throw error;
  }
}
