/** Whether this machine can run real containers; if not, why not and what would cure it. */
import { getuid } from 'node:process';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../agent/network/run.ts';
import { succeeds } from './link.ts';
import { cgroupRoots } from './cgroups.ts';
import { cniPluginDirectory, programPath, programPathOutside } from './programs.ts';

export type CanRunContainers = { readonly ok: true } | { readonly ok: false; readonly why: string; readonly cure: string };

const programs: readonly { readonly name: string; readonly debianPackage: string }[] = [
  { name: 'containerd', debianPackage: 'containerd' },
  { name: 'ctr', debianPackage: 'containerd' },
  { name: 'runc', debianPackage: 'runc' },
  { name: 'ip', debianPackage: 'iproute2' },
  { name: 'nft', debianPackage: 'nftables' },
  { name: 'conntrack', debianPackage: 'conntrack' },
  { name: 'nsenter', debianPackage: 'util-linux' },
  { name: 'sysctl', debianPackage: 'procps' },
];

const no = (why: string, cure: string): Extract<CanRunContainers, { readonly ok: false }> => ({ ok: false, why, cure });

export async function canRunContainers(): Promise<CanRunContainers> {
  if (process.platform !== 'linux')
    return no(`containers need Linux, and this is ${process.platform}`, 'use a Linux machine or a virtual one');
  if (getuid?.() !== 0) return no('containers need root', 'run the same command as root, such as with sudo');
  return missingPrograms() ?? cgroupsMissing() ?? (await namespacesWork());
}

/** Undefined when everything is there. */
export function missingPrograms(): Extract<CanRunContainers, { readonly ok: false }> | undefined {
  const missing = programs.filter(({ name }) => programPath(name) === undefined);
  const outside = missing.filter(({ name }) => programPathOutside(name) !== undefined);
  if (outside.length > 0) {
    return no(`${outside.map(({ name }) => name).join(', ')} not in PATH`, 'export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"');
  }
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  if (cniPluginDirectory() === undefined) packages.push('containernetworking-plugins');
  if (packages.length > 0) {
    const what = missing.map(({ name }) => name).join(', ') || 'the CNI plugins';
    return no(`${what} not found`, `apt-get install -y ${packages.join(' ')}`);
  }
  return undefined;
}

function cgroupsMissing(): CanRunContainers | undefined {
  const [root] = cgroupRoots();
  const cure = 'start the surrounding container with --privileged, or use a virtual machine';
  if (root === undefined) return no('no cgroups are mounted', cure);
  const probe = join(root, `hib-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return no(`cgroups cannot be made in ${root} (${error.code})`, cure);
    throw error;
  }
}

async function namespacesWork(): Promise<CanRunContainers> {
  const probe = `hib-probe-${process.pid}`;
  const cure = 'start the surrounding container with --privileged, or use a virtual machine';
  if (!(await succeeds(['ip', 'netns', 'add', probe]))) return no('network namespaces cannot be made here', cure);
  const inside = (command: readonly string[]): Promise<boolean> => succeeds(['nsenter', `--net=/run/netns/${probe}`, '--', ...command]);
  try {
    if (!(await inside(['ip', 'link', 'add', 'br0', 'type', 'bridge']))) return no('bridges cannot be made in a network namespace', cure);
    if (!(await inside(['nft', 'add', 'table', 'ip', 'probe']))) return no('nft has no say in a network namespace', cure);
    if (!existsSync('/proc/sys/net/bridge')) return no('the kernel lacks br_netfilter', 'modprobe br_netfilter');
    return { ok: true };
  } finally {
    await runCommand(['ip', 'netns', 'delete', probe]);
  }
}
