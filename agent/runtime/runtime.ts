/**
 * The port to whatever runs containers on this node. The words are CRI's: a sandbox is a pod's shared network and
 * hostname, containers run inside it. Every method throws `RuntimeError` when the runtime refuses or cannot be reached.
 */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
  /** `NotFound`: the thing is not there. `Unavailable`: the runtime does not answer. `DeadlineExceeded`: a timed exec ran out. */
  readonly code: RuntimeErrorCode;
  /** The message without gRPC's frame around it. */
  readonly description: string;

  constructor(code: RuntimeErrorCode, description: string, options: { readonly message?: string; readonly cause?: unknown } = {}) {
    super(options.message ?? `rpc error: code = ${code} desc = ${description}`, { cause: options.cause });
    this.code = code;
    this.description = description;
  }
}

export type RuntimeErrorCode = 'NotFound' | 'Unavailable' | 'DeadlineExceeded' | 'Unimplemented' | 'Unknown';

export const isRuntimeError = (error: unknown, code: RuntimeErrorCode): error is RuntimeError =>
  error instanceof RuntimeError && error.code === code;

/** Labels that name the pod and container of something on the runtime. Source: pkg/kubelet/types/labels.go */
export const podNameLabel = 'io.kubernetes.pod.name';
export const podNamespaceLabel = 'io.kubernetes.pod.namespace';
export const podUidLabel = 'io.kubernetes.pod.uid';
export const containerNameLabel = 'io.kubernetes.container.name';

export interface RuntimeVersion {
  /** `containerd` */
  readonly name: string;
  /** `1.6.20` */
  readonly version: string;
}

export interface RuntimeCondition {
  readonly ready: boolean;
  readonly message: string;
}

/** What the runtime can do beyond what all can. A runtime that does not know the question can do nothing of it. */
export interface RuntimeFeatures {
  readonly supplementalGroupsPolicy: boolean;
  readonly handlers: readonly RuntimeHandler[];
}

export interface RuntimeHandler {
  /** '' is the one of pods that ask for none. */
  readonly name: string;
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
}

export interface RuntimeReadiness {
  readonly runtime: RuntimeCondition;
  readonly network: RuntimeCondition;
  readonly features: RuntimeFeatures;
}

export interface Sandbox {
  readonly id: string;
  readonly podUid: string;
  readonly podName: string;
  readonly podNamespace: string;
  /** Counts from 0 over the life of the pod. */
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface SandboxStatus extends Sandbox {
  /** Empty for pods of the host's network. */
  readonly ips: readonly string[];
}

export type ContainerStateName = 'created' | 'running' | 'exited' | 'unknown';

export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly podUid: string;
  readonly name: string;
  /** Counts from 0: how often the container was restarted before this one. */
  readonly attempt: number;
  readonly state: ContainerStateName;
  readonly createdAtMs: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** The id or a digest of the image that it was made from. */
  readonly imageRef: string;
}

export interface ContainerStatus extends Container {
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  /** The image's name in the runtime: `docker.io/library/nginx:latest`. */
  readonly image: string;
  readonly logPath: string;
}

export interface WritableLayer {
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}

export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';

export interface NamespaceOptions {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
  /** The container whose processes are seen: with `pid: 'TARGET'`. */
  readonly targetId?: string;
}

export interface SecurityProfile {
  readonly profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  readonly localhostRef: string;
}

export interface SELinuxOptions {
  readonly user: string;
  readonly role: string;
  readonly type: string;
  readonly level: string;
}

export type SupplementalGroupsPolicy = 'Merge' | 'Strict';

export interface SandboxConfig {
  readonly podUid: string;
  readonly podName: string;
  readonly podNamespace: string;
  readonly attempt: number;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dns: { readonly servers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] };
  readonly portMappings: readonly PortMapping[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroupParent: string;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly namespaces: NamespaceOptions;
  readonly privileged: boolean;
  readonly seccomp: SecurityProfile;
  readonly seLinuxOptions?: SELinuxOptions;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly supplementalGroupsPolicy: SupplementalGroupsPolicy;
}

export interface RuntimeMount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  /** Whether mounts below it are read-only, too. */
  readonly recursiveReadOnly: boolean;
  readonly propagation: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
}

export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly RuntimeMount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly devices: readonly { readonly containerPath: string; readonly hostPath: string; readonly permissions: string }[];
  /** By their names in the registry of the container device interface. */
  readonly cdiDevices: readonly string[];
  /** Relative to the sandbox's log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
}

export interface ContainerResources {
  readonly cpuPeriodMicros: number;
  /** The processor time in a period; 0: no limit. */
  readonly cpuQuotaMicros: number;
  readonly cpuShares: number;
  /** The most memory; 0: no limit. */
  readonly memoryLimitBytes: number;
  readonly oomScoreAdj: number;
}

export interface ContainerSecurity {
  readonly namespaces: NamespaceOptions;
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly supplementalGroupsPolicy: SupplementalGroupsPolicy;
  /** The AppArmor profile; left out: the runtime decides. */
  readonly appArmor?: SecurityProfile;
  readonly seLinuxOptions?: SELinuxOptions;
  readonly readonlyRootfs: boolean;
  readonly noNewPrivileges: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly seccomp: SecurityProfile;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

export interface Image {
  readonly id: string;
  readonly sizeBytes: number;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** The user that the image wants to run as; undefined when it names one (see `username`) or nothing. */
  readonly uid: number | undefined;
  readonly username: string;
}

export interface RegistryCredential {
  readonly username: string;
  readonly password: string;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface ExecRequest {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** Who makes cgroups: the runtime itself, or systemd, which names them otherwise. */
export type CgroupDriver = 'cgroupfs' | 'systemd';

export interface Runtime {
  version(): Promise<RuntimeVersion>;
  cgroupDriver(): Promise<CgroupDriver>;
  readiness(): Promise<RuntimeReadiness>;

  /** All of the node, or of one pod. */
  listSandboxes(podUid?: string): Promise<readonly Sandbox[]>;
  sandboxStatus(id: string): Promise<SandboxStatus>;
  /** Answers the id once the sandbox has its network. */
  runSandbox(config: SandboxConfig, runtimeHandler: string): Promise<string>;
  /** Kills what runs inside, takes the network away. Stopping twice is harmless. */
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;

  listContainers(podUid?: string): Promise<readonly Container[]>;
  containerStatus(id: string): Promise<ContainerStatus>;
  /** What containers wrote outside of volumes, by their ids. */
  writableLayers(): Promise<ReadonlyMap<string, WritableLayer>>;
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** SIGTERM, then SIGKILL after the grace. Answers when it has stopped. A second call with less grace shortens the first. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  /** Other limits for a container that runs. */
  updateContainer(id: string, resources: ContainerResources): Promise<void>;
  removeContainer(id: string): Promise<void>;
  /** Begins a new file at the container's log path: the one that was there has been renamed. */
  reopenLog(containerId: string): Promise<void>;

  /** Undefined: not on this node. */
  imageStatus(image: string): Promise<Image | undefined>;
  listImages(): Promise<readonly Image[]>;
  pullImage(image: string, sandbox: SandboxConfig, credential?: RegistryCredential): Promise<void>;
  /** With all its names: that is what naming one of them would do as well. */
  removeImage(id: string): Promise<void>;
  /** Where images are on the disk. */
  imageDirectory(): Promise<string>;

  execSync(containerId: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  /** One-time URLs of the runtime's streaming server. */
  execUrl(request: ExecRequest): Promise<string>;
  attachUrl(request: Omit<ExecRequest, 'command'>): Promise<string>;
  portForwardUrl(sandboxId: string, ports: readonly number[]): Promise<string>;

  /**
   * Calls back after anything about containers may have changed, perhaps too often; a hint, not a promise: callers list from
   * time to time as well. Resolves when the signal aborts; throws when the stream breaks.
   */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
  close(): void;
}
