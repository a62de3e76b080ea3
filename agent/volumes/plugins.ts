/** The kinds of volume of a real node. */
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { promisify } from 'node:util';
import type { Pod, Volume } from '../../functions/kube/generated/types.ts';
import { namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { quantityValue } from '../../functions/kube/quantity.ts';
import type { Directories } from '../pods/directories.ts';
import type { Lookup } from '../pods/lookup.ts';
import { specOf } from '../pods/pod-facts.ts';
import { writeAtomically, type FileContent } from './atomic-files.ts';
import { configMapContent, projectedFiles, secretContent } from './object-files.ts';
import type { VolumePlugin } from './volumes.ts';

const run = promisify(execFile);

export interface PluginOptions {
  readonly directories: Directories;
  readonly lookup: Lookup;
  /** A new name for every call. */
  readonly stamp: () => string;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function isMounted(path: string): Promise<boolean> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').some((line) => line.split(' ')[4] === path);
}

function emptyDir({ directories }: PluginOptions): VolumePlugin {
  return {
    follows: false,
    matches: (volume) => volume.emptyDir !== undefined,
    async setUp(pod, volume) {
      const path = directories.volume(uidOf(pod), 'kubernetes.io/empty-dir', volume.name);
      await mkdir(path, { recursive: true });
      if (volume.emptyDir?.medium === 'Memory' && !(await isMounted(path))) {
        const limit = volume.emptyDir.sizeLimit;
        const size = limit === undefined || quantityValue(limit) === 0 ? [] : ['-o', `size=${quantityValue(limit)}`];
        await run('mount', ['-t', 'tmpfs', ...size, 'tmpfs', path]);
      }
      const groupId = specOf(pod).securityContext?.fsGroup;
      if (groupId !== undefined) await chown(path, 0, groupId);
      await chmod(path, groupId === undefined ? 0o777 : 0o2777);
      return path;
    },
  };
}

interface PathType {
  /** What upstream says the path is not. */
  readonly name: string;
  readonly is: (stats: Stats) => boolean;
  readonly make?: (path: string) => Promise<unknown>;
}

/** Source: pkg/volume/hostpath/host_path.go (checkType) */
const pathTypes: Readonly<Record<string, PathType>> = {
  Directory: { name: 'directory', is: (stats) => stats.isDirectory() },
  DirectoryOrCreate: {
    name: 'directory',
    is: (stats) => stats.isDirectory(),
    make: (path) => mkdir(path, { recursive: true, mode: 0o755 }),
  },
  File: { name: 'file', is: (stats) => stats.isFile() },
  FileOrCreate: { name: 'file', is: (stats) => stats.isFile(), make: (path) => writeFile(path, '', { flag: 'a', mode: 0o644 }) },
  Socket: { name: 'socket', is: (stats) => stats.isSocket() },
  CharDevice: { name: 'character device', is: (stats) => stats.isCharacterDevice() },
  BlockDevice: { name: 'block device', is: (stats) => stats.isBlockDevice() },
};

async function existing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const hostPath: VolumePlugin = {
  follows: false,
  matches: (volume) => volume.hostPath !== undefined,
  async setUp(_pod, volume) {
    const path = volume.hostPath?.path ?? '';
    const type = pathTypes[volume.hostPath?.type ?? ''];
    if (type === undefined) return path;
    if ((await existing(path)) === undefined) await type.make?.(path);
    const stats = await existing(path);
    if (stats === undefined || !type.is(stats)) throw new Error(`hostPath type check failed: ${path} is not a ${type.name}`);
    return path;
  },
};

async function writeObject(options: PluginOptions, pod: Pod, path: string, files: ReadonlyMap<string, FileContent>): Promise<string> {
  await writeAtomically(path, files, { stamp: options.stamp(), groupId: specOf(pod).securityContext?.fsGroup });
  return path;
}

function configMap(options: PluginOptions): VolumePlugin {
  return {
    follows: true,
    matches: (volume) => volume.configMap !== undefined,
    async setUp(pod, volume) {
      const { name = '', items, defaultMode, optional = false } = volume.configMap ?? {};
      const object = options.lookup.configMap(namespaceOf(pod), name);
      if (object === undefined && !optional) throw new Error(`configmap "${name}" not found`);
      const path = options.directories.volume(uidOf(pod), 'kubernetes.io/configmap', volume.name);
      return writeObject(options, pod, path, projectedFiles(configMapContent(object), { items, defaultMode, optional }, 'configmap'));
    },
  };
}

function secret(options: PluginOptions): VolumePlugin {
  return {
    follows: true,
    matches: (volume) => volume.secret !== undefined,
    async setUp(pod, volume) {
      const { secretName = '', items, defaultMode, optional = false } = volume.secret ?? {};
      const object = options.lookup.secret(namespaceOf(pod), secretName);
      if (object === undefined && !optional) throw new Error(`secret "${secretName}" not found`);
      const path = options.directories.volume(uidOf(pod), 'kubernetes.io/secret', volume.name);
      await mkdir(path, { recursive: true });
      // Secrets never touch the disk.
      if (!(await isMounted(path))) await run('mount', ['-t', 'tmpfs', 'tmpfs', path]);
      return writeObject(options, pod, path, projectedFiles(secretContent(object), { items, defaultMode, optional }, 'secret'));
    },
  };
}

/** Projected, downward API and claims come here as one plugin each. */
export const volumePlugins = (options: PluginOptions): readonly VolumePlugin[] => [
  emptyDir(options),
  hostPath,
  configMap(options),
  secret(options),
];

export const kindOfVolume = (volume: Volume): string =>
  Object.keys(volume).find((field) => field !== 'name' && volume[field as keyof Volume] !== undefined) ?? 'emptyDir';
