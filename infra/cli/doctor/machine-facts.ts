/** What can be seen of this machine. Collecting it changes nothing. */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { getuid } from 'node:process';
import { runCommand } from '../../../agent/network/run.ts';
import { cgroupRoots } from '../../local/hosts/cgroups.ts';
import { missingPrograms } from '../../local/hosts/can-run-containers.ts';

export interface MachineFacts {
  /** `linux`, `darwin`. */
  readonly platform: string;
  /** `x64`, `arm64`. */
  readonly architecture: string;
  readonly kernel: string;
  readonly nodeVersion: string;
  readonly isRoot: boolean;
  /** Undefined: all programs are there. */
  readonly missing: { readonly why: string; readonly cure: string } | undefined;
  readonly hasSystemd: boolean;
  readonly cgroups: { readonly version: 1 | 2; readonly controllers: readonly string[] } | undefined;
  /** Names of modules that are loaded or built in. */
  readonly kernelFeatures: { readonly overlay: boolean; readonly bridgeFilter: boolean; readonly nftables: boolean };
  /** The version of containerd, such as 1.6.20; undefined: none answers. */
  readonly containerd: string | undefined;
  readonly containerdSocket: string;
  readonly nameServers: readonly string[];
  readonly swapBytes: number;
  /** The size of the file system that has the data. */
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number; readonly path: string };
  readonly inotifyInstances: number | undefined;
  /** Services that are known to remove rules that others made: `firewalld`, `ufw`. */
  readonly firewalls: readonly string[];
  /** Ports that a node or a control plane needs, and whether something answers there. */
  readonly ports: readonly { readonly port: number; readonly isTaken: boolean }[];
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const succeeds = (command: readonly string[]): Promise<boolean> =>
  runCommand(command).then(
    () => true,
    () => false,
  );
const outputOf = (command: readonly string[]): Promise<string | undefined> =>
  runCommand(command).then(
    (text) => text.trim(),
    () => undefined,
  );

const connectMsMax = 1000;

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: connectMsMax });
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.on('connect', () => end(true));
    for (const event of ['error', 'timeout'] as const) socket.on(event, () => end(false));
  });
}

function cgroups(): MachineFacts['cgroups'] {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers'))
    return { version: 2, controllers: textOf('/sys/fs/cgroup/cgroup.controllers').trim().split(' ') };
  const roots = process.platform === 'linux' ? cgroupRoots() : [];
  if (roots.length === 0) return undefined;
  const controllers = roots.flatMap((path) => path.split('/').at(-1)?.split(',') ?? []);
  return { version: 1, controllers };
}

/** The disk of the nearest directory that exists. */
function diskOf(path: string): MachineFacts['disk'] {
  let directory = path;
  while (!existsSync(directory) && dirname(directory) !== directory) directory = dirname(directory);
  const { bavail, blocks, bsize } = statfsSync(directory);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, path: directory };
}

async function firewalls(): Promise<readonly string[]> {
  const names = ['firewalld', 'ufw'];
  const active = await Promise.all(names.map((name) => succeeds(['systemctl', 'is-active', '--quiet', name])));
  return names.filter((_, index) => active[index] === true);
}

export interface FactsOptions {
  readonly containerdSocket: string;
  /** A directory that is on the disk in question. */
  readonly dataPath: string;
  readonly ports: readonly number[];
}

export async function machineFacts({ containerdSocket, dataPath, ports }: FactsOptions): Promise<MachineFacts> {
  const hasSystemd = existsSync('/run/systemd/system');
  const swap = /^SwapTotal:\s+(\d+) kB$/m.exec(textOf('/proc/meminfo'))?.[1] ?? '0';
  const version = existsSync(containerdSocket) ? await outputOf(['ctr', '--address', containerdSocket, 'version']) : undefined;
  const instances = textOf('/proc/sys/fs/inotify/max_user_instances').trim();
  return {
    platform: process.platform,
    architecture: process.arch,
    kernel: release(),
    nodeVersion: process.versions.node,
    isRoot: getuid?.() === 0,
    missing: process.platform === 'linux' ? missingPrograms() : undefined,
    hasSystemd,
    cgroups: cgroups(),
    kernelFeatures: {
      overlay: textOf('/proc/filesystems').includes('overlay') || (await succeeds(['modinfo', '-F', 'name', 'overlay'])),
      bridgeFilter: existsSync('/proc/sys/net/bridge') || (await succeeds(['modinfo', '-F', 'name', 'br_netfilter'])),
      nftables: await succeeds(['nft', 'list', 'tables']),
    },
    containerd: version === undefined ? undefined : /Server:\s+Version:\s+(\S+)/.exec(version)?.[1],
    containerdSocket,
    nameServers: [...textOf('/etc/resolv.conf').matchAll(/^nameserver\s+(\S+)/gm)].map(([, server = '']) => server),
    swapBytes: Number(swap) * 1024,
    disk: diskOf(dataPath),
    inotifyInstances: instances === '' ? undefined : Number(instances),
    firewalls: hasSystemd ? await firewalls() : [],
    ports: await Promise.all(ports.map(async (port) => ({ port, isTaken: await isTaken(port) }))),
  };
}
