/** The files of a pod that are not volumes: log directory, /etc/hosts, termination logs, cgroups. */
import { constants } from 'node:fs';
import { readdir, readlink, rm, stat, symlink, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { Directory, passageMode } from '../files/directory.ts';
import { errorCode, orUndefined } from '../files/error-code.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { ContainerStatus, Sandbox } from '../runtime/runtime.ts';
import { bindSubPath } from '../volumes/sub-path.ts';
import type { MountedPart } from './container-config.ts';
import { containerLogPath, type Directories } from './directories.ts';
import { hostsFile } from './hosts-file.ts';
import { endOfFile, endOfLog, fallsBackToLogs } from './termination-message.ts';

export interface StartedContainer {
  readonly name: string;
  readonly id: string;
  readonly attempt: number;
}

export interface PodFiles {
  prepareSandbox(pod: Pod): Promise<void>;
  prepareContainer(pod: Pod, containerName: string, attempt: number, podIps: readonly string[]): Promise<void>;
  /** Shows the container's log to those who collect logs. */
  linkLog(pod: Pod, container: StartedContainer): Promise<void>;
  /** Makes and mounts the part of a volume that is mounted alone; answers where. Throws Error for one that leads out of the volume. */
  bindSubPath(pod: Pod, containerName: string, part: MountedPart): Promise<string>;
  /** What the dead container reports about its end; '' when nothing. */
  terminationMessage(pod: Pod, container: ContainerStatus): Promise<string>;
  /** Takes the logs and termination message of one try of a container away. */
  removeContainer(pod: Pod, containerName: string, attempt: number): Promise<void>;
  remove(pod: Pod, cgroupParents: readonly string[]): Promise<void>;
  /** Every pod that has files on the node. The names are empty where no log directory carries them. */
  owners(): Promise<readonly FileOwner[]>;
}

export type FileOwner = Pick<Sandbox, 'podUid' | 'podName' | 'podNamespace'>;

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Source: pkg/kubelet/kuberuntime/legacy.go */
const linkPrefix = (pod: Pod): string => `${nameOf(pod)}_${namespaceOf(pod)}_`;

/** Another pod's links may begin alike: only those go that lead nowhere any more. */
async function removeDeadLinks(directory: string, prefix: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (name.startsWith(prefix) && (await orUndefined(stat(join(directory, name)))) === undefined)
      await rm(join(directory, name), { force: true });
  }
}

async function removeLinksInto(target: string, directory: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    if ((await orUndefined(readlink(path)))?.startsWith(`${target}/`) === true) await rm(path, { force: true });
  }
}

/** By its log directory. No part but the uid may have an underscore. */
function ownerOfLogs(directory: string): FileOwner {
  const [podNamespace = '', podName = '', ...uid] = directory.split('_');
  return { podUid: uid.join('_'), podName, podNamespace };
}

export interface PodFilesOptions {
  readonly directories: Directories;
  readonly clusterDomain: string;
  readonly removeCgroup: (parent: string) => Promise<void>;
}

export function createPodFiles({ directories, clusterDomain, removeCgroup }: PodFilesOptions): PodFiles {
  return {
    async prepareSandbox(pod) {
      await using _logs = await Directory.make(directories.podLogs(pod));
      await using _own = await Directory.make(directories.pod(uidOf(pod)), passageMode);
    },
    async prepareContainer(pod, containerName, attempt, podIps) {
      await writeNew(directories.terminationLog(uidOf(pod), containerName, attempt), '', 0o666);
      await using _logs = await Directory.make(join(directories.podLogs(pod), containerName));
      await writeNew(directories.hostsFile(uidOf(pod)), hostsFile(pod, podIps, clusterDomain), 0o644);
    },
    async linkLog(pod, { name, id, attempt }) {
      const link = join(directories.containerLogs, `${linkPrefix(pod)}${name}-${id}.log`);
      await orUndefined(unlink(link));
      await symlink(join(directories.podLogs(pod), containerLogPath(name, attempt)), link);
    },
    async bindSubPath(pod, containerName, { index, volumeName, volumePath, path }) {
      const target = directories.subPath(uidOf(pod), volumeName, containerName, index);
      await bindSubPath({ volumePath, path }, target);
      return target;
    },
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
      await removeDeadLinks(directories.containerLogs, `${linkPrefix(pod)}${containerName}-`);
    },
    async remove(pod, cgroupParents) {
      for (const parent of cgroupParents) await removeCgroup(parent);
      await removeLinksInto(directories.podLogs(pod), directories.containerLogs);
      await using logs = await orUndefined(Directory.open(directories.logs));
      await using trash = await Directory.make(directories.trash, 0o700);
      // The last of all: by its name the next agent finds a pod that this one did not get rid of.
      if (logs !== undefined) await removeTree(logs, basename(directories.podLogs(pod)), trash);
    },
    async owners() {
      const byLogs = (await namesIn(directories.logs)).map(ownerOfLogs).filter(({ podUid }) => podUid !== '');
      const known = new Set(byLogs.map(({ podUid }) => podUid));
      const others = (await namesIn(directories.pods)).filter((podUid) => !known.has(podUid));
      return [...byLogs, ...others.map((podUid) => ({ podUid, podName: '', podNamespace: '' }))];
    },
  };
}

/** A file that containers write is never replaced through a link. Its mode is the one given, whatever the process's mask. */
async function writeNew(path: string, content: string, mode: number): Promise<void> {
  await using parent = await Directory.make(dirname(path), passageMode);
  await using file = await parent.file(basename(path), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode);
  await file.writeFile(content);
  await file.chmod(mode);
}

/** The files of pods on a simulated node: none. */
export const noPodFiles: PodFiles = {
  prepareSandbox: async () => {},
  prepareContainer: async () => {},
  linkLog: async () => {},
  bindSubPath: async (_pod, _containerName, { volumePath, path }) => join(volumePath, path),
  terminationMessage: async () => '',
  removeContainer: async () => {},
  remove: async () => {},
  owners: async () => [],
};
