/** The files of a pod that are not volumes: log directory, /etc/hosts, termination logs, cgroups. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import { makeSubPath } from '../volumes/sub-path.ts';
import { containerLogPath, type Directories } from './directories.ts';
import { hostsFile } from './hosts-file.ts';
import { endOfFile, endOfLog, fallsBackToLogs } from './termination-message.ts';

export interface PodFiles {
  prepareSandbox(pod: Pod): Promise<void>;
  prepareContainer(pod: Pod, containerName: string, attempt: number, podIps: readonly string[]): Promise<void>;
  /** Makes the part of a volume that is mounted alone. Throws `SubPathError` for one that leads out of the volume. */
  prepareSubPath(volumePath: string, path: string): Promise<void>;
  /** What the dead container reports about its end; '' when nothing. */
  terminationMessage(pod: Pod, container: ContainerStatus): Promise<string>;
  /** Takes the logs and termination message of one try of a container away. */
  removeContainer(pod: Pod, containerName: string, attempt: number): Promise<void>;
  remove(pod: Pod, cgroupParents: readonly string[]): Promise<void>;
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export interface PodFilesOptions {
  readonly directories: Directories;
  readonly clusterDomain: string;
  readonly removeCgroup: (parent: string) => Promise<void>;
}

export function createPodFiles({ directories, clusterDomain, removeCgroup }: PodFilesOptions): PodFiles {
  return {
    async prepareSandbox(pod) {
      await mkdir(directories.podLogs(pod), { recursive: true });
      await mkdir(directories.pod(uidOf(pod)), { recursive: true });
    },
    async prepareContainer(pod, containerName, attempt, podIps) {
      const terminationLog = directories.terminationLog(uidOf(pod), containerName, attempt);
      await mkdir(dirname(terminationLog), { recursive: true });
      await writeFile(terminationLog, '', { mode: 0o666 });
      await mkdir(join(directories.podLogs(pod), containerName), { recursive: true });
      await writeFile(directories.hostsFile(uidOf(pod)), hostsFile(pod, podIps, clusterDomain));
    },
    prepareSubPath: makeSubPath,
    async terminationMessage(pod, container) {
      const message = await endOfFile(directories.terminationLog(uidOf(pod), container.name, container.attempt));
      return message === '' && fallsBackToLogs(pod, container) ? endOfLog(container.logPath) : message;
    },
    async removeContainer(pod, containerName, attempt) {
      await rm(directories.terminationLog(uidOf(pod), containerName, attempt), { force: true });
      const logs = join(directories.podLogs(pod), containerName);
      const name = basename(containerLogPath(containerName, attempt));
      for (const file of await namesIn(logs)) {
        if (file === name || file.startsWith(`${name}.`)) await rm(join(logs, file), { force: true });
      }
    },
    async remove(pod, cgroupParents) {
      await rm(directories.podLogs(pod), { recursive: true, force: true });
      for (const parent of cgroupParents) await removeCgroup(parent);
    },
  };
}

/** For nodes that only pretend. */
export const noPodFiles: PodFiles = {
  prepareSandbox: async () => {},
  prepareContainer: async () => {},
  prepareSubPath: async () => {},
  terminationMessage: async () => '',
  removeContainer: async () => {},
  remove: async () => {},
};
