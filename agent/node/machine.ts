/** Facts about the machine that the agent reads from it. */
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { goArchitecture } from '../images/image-tar.ts';

export interface Machine {
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  /** Whether the kernel enforces AppArmor profiles. */
  readonly appArmor: boolean;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

function osImage(): string {
  const match = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(fileText('/etc/os-release'));
  return match?.[1] ?? 'Linux';
}

/** `directory` is on the file system that pods write to. */
export async function readMachine(directory: string): Promise<Machine> {
  const files = await statfs(directory);
  const machineId = fileText('/etc/machine-id');
  return {
    architecture: goArchitecture(),
    kernelVersion: release(),
    osImage: osImage(),
    machineId,
    systemUuid: fileText('/sys/class/dmi/id/product_uuid') || machineId,
    bootId: fileText('/proc/sys/kernel/random/boot_id'),
    cpuCount: cpus().length,
    memoryBytes: totalmem(),
    storageBytes: files.blocks * files.bsize,
    appArmor: fileText('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
  };
}

type HostDns = { readonly servers: string[]; readonly searches: string[]; readonly options: string[] };

function parseResolvConf(text: string): HostDns {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const words = (keyword: string): string[] => lines.filter(([first]) => first === keyword).flatMap(([, ...rest]) => rest);
  return { servers: words('nameserver'), searches: words('search'), options: words('options') };
}

/**
 * The name servers of the node. systemd-resolved puts a loopback address in the first file, which in a pod would be the
 * pod's own. It lists the servers that it asks in the second file. Source: cmd/kubeadm/app/componentconfigs/kubelet.go
 */
export function hostDnsOf(resolvConf: string, resolvedConf: string): HostDns {
  const listed = parseResolvConf(resolvConf);
  const isLoopback = listed.servers.length > 0 && listed.servers.every((server) => server.startsWith('127.'));
  return isLoopback && resolvedConf !== '' ? parseResolvConf(resolvedConf) : listed;
}

/** For pods that ask for the node's own DNS, and for the names that the cluster does not know. */
export const hostDns = (): HostDns => hostDnsOf(fileText('/etc/resolv.conf'), fileText('/run/systemd/resolve/resolv.conf'));
