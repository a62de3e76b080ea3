/** The files of a pod that are not volumes: log directory, /etc/hosts, termination logs, cgroups. */
import { mkdir, open, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { makeSubPath } from '../volumes/sub-path.ts';
import { containerLogPath, type Directories } from './directories.ts';
import { hostsFile } from './hosts-file.ts';

export interface PodFiles {
  prepareSandbox(pod: Pod): Promise<void>;
  prepareContainer(pod: Pod, containerName: string, attempt: number, podIps: readonly string[]): Promise<void>;
  /** Makes the part of a volume that is mounted alone. Throws `SubPathError` for one that leads out of the volume. */
  prepareSubPath(volumePath: string, path: string): Promise<void>;
  /** What the container left as its last words; '' when nothing. */
  lastWords(pod: Pod, containerName: string, attempt: number): Promise<string>;
  /** Takes the logs and last words of one try of a container away. */
  removeContainer(pod: Pod, containerName: string, attempt: number): Promise<void>;
  remove(pod: Pod, cgroupParents: readonly string[]): Promise<void>;
}

/** Source: pkg/kubelet/container/runtime.go (MaxContainerTerminationMessageLength) */
const lastWordsBytesMax = 4096;
const cgroupRoot = '/sys/fs/cgroup';
const passable = new Set(['ENOENT', 'ENOTDIR', 'EBUSY', 'ENOTEMPTY', 'EROFS', 'EPERM']);

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

async function readStart(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(lastWordsBytesMax), 0, lastWordsBytesMax, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A cgroup that is busy or gone is not worth failing a pod's end for. */
async function removeCgroup(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!passable.has(codeOf(error))) throw error;
  }
}

export function createPodFiles(options: { readonly directories: Directories; readonly clusterDomain: string }): PodFiles {
  const { directories, clusterDomain } = options;
  return {
    async prepareSandbox(pod) {
      await mkdir(directories.podLogs(pod), { recursive: true });
      await mkdir(directories.pod(uidOf(pod)), { recursive: true });
    },
    async prepareContainer(pod, containerName, attempt, podIps) {
      const lastWords = directories.terminationLog(uidOf(pod), containerName, attempt);
      await mkdir(dirname(lastWords), { recursive: true });
      await writeFile(lastWords, '', { mode: 0o666 });
      await mkdir(join(directories.podLogs(pod), containerName), { recursive: true });
      await writeFile(directories.hostsFile(uidOf(pod)), hostsFile(pod, podIps, clusterDomain));
    },
    prepareSubPath: makeSubPath,
    lastWords: (pod, containerName, attempt) => readStart(directories.terminationLog(uidOf(pod), containerName, attempt)),
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
      const hierarchies = await readdir(cgroupRoot);
      for (const hierarchy of ['.', ...hierarchies]) {
        for (const parent of cgroupParents) await removeCgroup(join(cgroupRoot, hierarchy, parent));
      }
    },
  };
}

/** For nodes that only pretend. */
export const noPodFiles: PodFiles = {
  prepareSandbox: async () => {},
  prepareContainer: async () => {},
  prepareSubPath: async () => {},
  lastWords: async () => '',
  removeContainer: async () => {},
  remove: async () => {},
};
