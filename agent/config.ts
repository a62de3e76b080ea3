/** The agent's configuration: a JSON file, written by the program that starts the agent. */
import { thresholdsOf, type EvictionSettings } from './eviction/thresholds.ts';
import { readFile } from 'node:fs/promises';
import { defaultNetworks, type NodeNetworks } from '../functions/kube/cluster-networks.ts';

export interface AgentConfig extends NodeNetworks, EvictionSettings {
  readonly nodeName: string;
  /** `https://host:port` of the apiserver, with a path where several clusters share it. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate; the system's when left out. */
  readonly caFile?: string;
  /** A bearer token; read again for every request, so that it may be replaced. */
  readonly tokenFile: string;
  readonly runtime: 'containerd' | 'simulated';
  readonly containerdSocket?: string;
  /** Where pods' volumes and the checkpoint live, and plug-ins have their sockets: `/var/lib/kubelet` of a machine of its own. */
  readonly rootDirectory: string;
  /** The logs of pods: `/var/log/pods` of a machine of its own, below the root otherwise. */
  readonly podLogDirectory?: string;
  /** Links to them by the containers' names: `/var/log/containers`. */
  readonly containerLogDirectory?: string;
  /** Where the node answers as a kubelet does; 0: only through the API. */
  readonly port?: number;
  readonly nodeIp: string;
  /** How long the machine waits for its pods when it goes down, where systemd can be asked to. 0 or left out: not at all. */
  readonly shutdownGracePeriodSeconds?: number;
  /** The part of it that critical pods have, after all others. */
  readonly shutdownGracePeriodCriticalPodsSeconds?: number;
  /** The cgroup below which pods get theirs. */
  readonly cgroupRoot?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Overrides what is measured: `{"cpu": "4", "memory": "8Gi", "pods": "110"}`. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** Asked of the server as the time it may hold a poll. */
  readonly pollSeconds?: number;
  /** Sandboxes and containers started at the same time. */
  readonly startConcurrency?: number;
  /** A directory of manifests, or one: pods that the node runs without being asked by the API. Kubelet's setting of this name. */
  readonly staticPodPath?: string;
  /** A CredentialProviderConfig, and where its programs are: kubelet's flags of these names. */
  readonly imageCredentialProviderConfig?: string;
  readonly imageCredentialProviderBinDir?: string;
  /** How full the disk may be before unused images go, and how full it is afterwards. 100: none go. Kubelet's settings. */
  readonly imageGCHighThresholdPercent?: number;
  readonly imageGCLowThresholdPercent?: number;
  readonly sandboxImage?: string;
  /** Directory of the CNI configuration that the agent writes and containerd reads. */
  readonly cniDirectory?: string;
  /** The agent's own file, if it may replace itself. */
  readonly program?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

/** Nodes that only pretend share their machine's addresses. */
export const portOf = ({ port, runtime }: Pick<AgentConfig, 'port' | 'runtime'>): number => port ?? (runtime === 'containerd' ? 10_250 : 0);

export const pollSecondsDefault = 20;
export const startConcurrencyDefault = 2;
export const sandboxImageDefault = 'registry.k8s.io/pause:3.9';
export const containerdSocketDefault = '/run/containerd/containerd.sock';

const required = ['nodeName', 'server', 'tokenFile', 'runtime', 'rootDirectory', 'nodeIp', 'clusterDns', 'clusterDomain'] as const;

/** How long a machine of its own waits for its pods when it goes down. */
export const shutdownGraces = { shutdownGracePeriodSeconds: 30, shutdownGracePeriodCriticalPodsSeconds: 10 } as const;

export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** The percentages of the disk between which images are removed. Source: pkg/kubelet/apis/config/v1beta1/defaults.go */
export const imageCollection = (config: Pick<AgentConfig, 'imageGCHighThresholdPercent' | 'imageGCLowThresholdPercent'>) => ({
  high: config.imageGCHighThresholdPercent ?? 85,
  low: config.imageGCLowThresholdPercent ?? 80,
});

/** Source: pkg/kubelet/apis/config/validation/validation.go */
function checkImageCollection(config: Parameters<typeof imageCollection>[0]): void {
  const { high, low } = imageCollection(config);
  for (const [name, value] of Object.entries({ imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low }))
    if (!Number.isInteger(value) || value < 0 || value > 100) throw new ConfigError(`${name} must be between 0 and 100, inclusive`);
  if (low >= high) throw new ConfigError(`imageGCLowThresholdPercent ${low} must be less than imageGCHighThresholdPercent ${high}`);
}

function checkEviction(settings: EvictionSettings): void {
  try {
    thresholdsOf(settings);
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

export function parseAgentConfig(text: string): AgentConfig {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new ConfigError('the agent needs a JSON object as its configuration');
  const missing = required.filter((name) => !(name in value));
  if (missing.length > 0) throw new ConfigError(`the agent's configuration lacks ${missing.join(', ')}`);
  checkEviction(value);
  checkImageCollection(value);
  // Agents that joined before the networks could be chosen have no range in their configuration.
  return { clusterCidr: defaultNetworks.podCidr, ...value } as AgentConfig;
}

export const readAgentConfig = async (path: string): Promise<AgentConfig> => parseAgentConfig(await readFile(path, 'utf8'));
