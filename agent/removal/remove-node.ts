/**
 * Takes away all that an agent made on its machine: pods, network, cgroups, mounts, files. The agent must have ended. It
 * may be repeated, and goes on where an earlier try was cut off.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { containerdSocketDefault, type AgentConfig } from '../config.ts';
import { unmountAll } from '../files/mounts.ts';
import type { Run } from '../network/run.ts';
import { cgroupFileSystem, cgroupRemover } from '../pods/cgroup-remover.ts';
import { directories } from '../pods/directories.ts';
import { classCgroups } from '../pods/pod-cgroup.ts';
import { createCriRuntime } from '../runtime/cri/cri-runtime.ts';
import type { CgroupDriver } from '../runtime/runtime.ts';
import { networkFile, networkLeft, removeNetwork } from './remove-network.ts';
import { removePods } from './remove-pods.ts';

const cniDirectoryDefault = '/etc/cni/net.d';

/** Returns how many pods there were, and who made their cgroups. */
export async function removePodsOfNode(
  config: AgentConfig,
  { images }: { readonly images: boolean },
): Promise<{ readonly pods: number; readonly driver: CgroupDriver }> {
  const runtime = createCriRuntime({ socketPath: config.containerdSocket ?? containerdSocketDefault });
  try {
    return { driver: await runtime.cgroupDriver(), pods: await removePods(runtime, { images }) };
  } finally {
    runtime.close();
  }
}

export interface NodePlaces {
  readonly config: AgentConfig;
  readonly driver: CgroupDriver;
  readonly run: Run;
}

export async function removeNodeTraces({ config, driver, run }: NodePlaces): Promise<void> {
  await removeNetwork(run);
  const removeCgroup = cgroupRemover(cgroupFileSystem, run);
  for (const cgroup of classCgroups({ root: config.cgroupRoot ?? '', driver })) await removeCgroup(cgroup);
  const { root, logs, containerLogs } = directories(config.rootDirectory, config);
  await unmountAll(root);
  for (const path of [root, logs, containerLogs, join(config.cniDirectory ?? cniDirectoryDefault, networkFile)])
    rmSync(path, { recursive: true, force: true });
}

/** Descriptions of networks, mounts, files and cgroups that the node left on the machine. */
export async function nodeTracesLeft({ config, driver, run }: NodePlaces): Promise<readonly string[]> {
  const { root, logs, containerLogs } = directories(config.rootDirectory, config);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${root}/`));
  const hierarchies = ['.', ...readdirSync(cgroupFileSystem)];
  const cgroups = classCgroups({ root: config.cgroupRoot ?? '', driver }).flatMap((cgroup) =>
    hierarchies.map((hierarchy) => join(cgroupFileSystem, hierarchy, cgroup)),
  );
  const files = [root, logs, containerLogs, join(config.cniDirectory ?? cniDirectoryDefault, networkFile), ...cgroups];
  return [...(await networkLeft(run)), ...mounts.map((path) => `the mount ${path}`), ...files.filter((path) => existsSync(path))];
}
