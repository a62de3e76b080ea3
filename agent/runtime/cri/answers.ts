/** CRI's answers as our types. 64-bit numbers come as strings: nanoseconds do not fit a double. Pure. */
import {
  containerNameLabel,
  podUidLabel,
  type Container,
  type ContainerStateName,
  type ContainerStatus,
  type Image,
  type Sandbox,
  type SandboxStatus,
} from '../runtime.ts';

export interface SandboxMessage {
  readonly id: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly namespace: string; readonly attempt: number };
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  readonly createdAt: string;
  readonly annotations: Record<string, string>;
}

export interface SandboxStatusMessage extends SandboxMessage {
  readonly network: { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] } | null;
}

export interface ContainerMessage {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly state: string;
  readonly createdAt: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly imageRef: string;
}

export interface ContainerStatusMessage extends ContainerMessage {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
  readonly image: { readonly image: string } | null;
  readonly reason: string;
  readonly message: string;
  readonly logPath: string;
}

export interface ContainerStatsMessage {
  readonly attributes: { readonly id: string } | null;
  readonly writableLayer: {
    readonly usedBytes: { readonly value: string } | null;
    readonly inodesUsed: { readonly value: string } | null;
  } | null;
}

export interface ImageMessage {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly size: string;
  readonly uid: { readonly value: string } | null;
  readonly username: string;
}

const milliseconds = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1_000_000n);

const stateNames: Readonly<Record<string, ContainerStateName>> = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
};

export const sandboxFrom = (message: SandboxMessage): Sandbox => ({
  id: message.id,
  podUid: message.metadata.uid,
  podName: message.metadata.name,
  podNamespace: message.metadata.namespace,
  attempt: message.metadata.attempt,
  ready: message.state === 'SANDBOX_READY',
  createdAtMs: milliseconds(message.createdAt),
  annotations: message.annotations,
});

export function sandboxStatusFrom(message: SandboxStatusMessage): SandboxStatus {
  const ips = [message.network?.ip ?? '', ...(message.network?.additionalIps ?? []).map(({ ip }) => ip)];
  return { ...sandboxFrom(message), ips: ips.filter((ip) => ip !== '') };
}

export const containerFrom = (message: ContainerMessage): Container => ({
  id: message.id,
  sandboxId: message.podSandboxId,
  podUid: message.labels[podUidLabel] ?? '',
  name: message.labels[containerNameLabel] ?? message.metadata.name,
  attempt: message.metadata.attempt,
  state: stateNames[message.state] ?? 'unknown',
  createdAtMs: milliseconds(message.createdAt),
  annotations: message.annotations,
  imageRef: message.imageRef,
});

/** CRI's ContainerStatus does not name the sandbox; callers know it from the list. */
export const containerStatusFrom = (message: ContainerStatusMessage): ContainerStatus => ({
  ...containerFrom({ ...message, podSandboxId: '' }),
  startedAtMs: milliseconds(message.startedAt),
  finishedAtMs: milliseconds(message.finishedAt),
  exitCode: message.exitCode,
  reason: message.reason,
  message: message.message,
  image: message.image?.image ?? '',
  logPath: message.logPath,
});

export const imageFrom = (message: ImageMessage): Image => ({
  id: message.id,
  sizeBytes: Number(message.size),
  tags: message.repoTags,
  digests: message.repoDigests,
  uid: message.uid === null ? undefined : Number(message.uid.value),
  username: message.username,
});
