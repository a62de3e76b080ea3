/** Settings of this machine's containerd: its socket, its directories for networks, the image of pods' sandboxes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, CommandFailed } from '../../agent/network/run.ts';
import { CliError } from './cli-error.ts';

export interface MachineContainerd {
  readonly socket: string;
  readonly sandboxImage: string | undefined;
  readonly cniDirectory: string;
}

const first = (text: string, pattern: RegExp): string | undefined => pattern.exec(text)?.[1];

/** Reads the answer of `containerd config dump`, of version 1 or 2. */
export function parseContainerdConfig(
  dump: string,
): MachineContainerd & { readonly pluginDirectories: readonly string[]; readonly hasCri: boolean } {
  const grpc = dump.slice(Math.max(0, dump.indexOf('[grpc]')));
  const disabled = first(dump, /^disabled_plugins = \[(.*)\]/m) ?? '';
  const directories = first(dump, /^\s*bin_dirs = \[(.*)\]/m);
  return {
    socket: first(grpc, /^\s*address = ["'](.+)["']/m) ?? '/run/containerd/containerd.sock',
    sandboxImage: first(dump, /^\s*sandbox(?:_image)? = ["'](.+)["']/m),
    cniDirectory: first(dump, /^\s*conf_dir = ["'](.+)["']/m) ?? '/etc/cni/net.d',
    pluginDirectories:
      directories === undefined
        ? [first(dump, /^\s*bin_dir = ["'](.+)["']/m) ?? '/opt/cni/bin']
        : [...directories.matchAll(/["']([^"']+)["']/g)].map(([, directory = '']) => directory),
    hasCri: !/["'](io\.containerd\.grpc\.v1\.)?cri["']/.test(disabled),
  };
}

export async function machineContainerd(configFile: string): Promise<MachineContainerd> {
  const dump = await runCommand(
    existsSync(configFile) ? ['containerd', '-c', configFile, 'config', 'dump'] : ['containerd', 'config', 'default'],
  ).catch((error: unknown) => {
    if (error instanceof CommandFailed) throw new CliError(`containerd cannot read ${configFile}: ${error.stderr.trim()}`);
    throw error;
  });
  const config = parseContainerdConfig(dump);
  if (!config.hasCri)
    throw new CliError(`${configFile} turns off containerd's CRI plugin.`, 'Take "cri" out of disabled_plugins and restart containerd.');
  if (!config.pluginDirectories.some((directory) => existsSync(join(directory, 'bridge')))) {
    throw new CliError(
      `containerd looks for CNI plugins in ${config.pluginDirectories.join(', ')}, and there are none.`,
      `Set bin_dir in ${configFile} to /usr/lib/cni, where Debian puts them, and restart containerd.`,
    );
  }
  if (!existsSync(config.socket))
    throw new CliError(`containerd does not run: there is no ${config.socket}.`, 'systemctl enable --now containerd');
  return config;
}
