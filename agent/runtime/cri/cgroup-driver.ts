/**
 * Which cgroup driver containerd is set to. From 2.0 on it answers a call of the CRI; older ones show it only in the
 * configuration that comes with their verbose status. Source: pkg/kubelet/kubelet.go (getCgroupDriverFromCRI)
 */
import { isRuntimeError, type CgroupDriver } from '../runtime.ts';
import type { Channel } from './channel.ts';

interface ContainerdConfig {
  readonly containerd?: {
    readonly defaultRuntimeName?: string;
    readonly runtimes?: Readonly<Record<string, { readonly options?: { readonly SystemdCgroup?: boolean } | null }>>;
  };
}

/** `text` is the JSON that containerd calls `config`. */
export function configuredDriver(text: string): CgroupDriver {
  const { containerd } = JSON.parse(text === '' ? '{}' : text) as ContainerdConfig;
  const options = containerd?.runtimes?.[containerd.defaultRuntimeName ?? 'runc']?.options;
  return options?.SystemdCgroup === true ? 'systemd' : 'cgroupfs';
}

const callSecondsMax = 10;

export async function cgroupDriver(channel: Channel): Promise<CgroupDriver> {
  try {
    const { linux } = await channel.call<{ linux: { cgroupDriver: string } | null }>('RuntimeService', 'RuntimeConfig', {}, callSecondsMax);
    return linux?.cgroupDriver === 'SYSTEMD' ? 'systemd' : 'cgroupfs';
  } catch (error) {
    if (!isRuntimeError(error, 'Unimplemented')) throw error;
    const { info } = await channel.call<{ info: Record<string, string> }>('RuntimeService', 'Status', { verbose: true }, callSecondsMax);
    return configuredDriver(info['config'] ?? '');
  }
}
