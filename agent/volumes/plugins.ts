/** The kinds of volume of a real node. */
import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import type { Pod, Volume } from '../../functions/kube/generated/types.ts';
import { namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { quantityValue } from '../../functions/kube/quantity.ts';
import type { Directories } from '../pods/directories.ts';
import type { Lookup } from '../pods/lookup.ts';
import { specOf } from '../pods/pod-facts.ts';
import { writeAtomically, type FileContent } from './atomic-files.ts';
import { downwardFiles, type NodeFacts } from './downward-files.ts';
import { configMapContent, projectedFiles, secretContent } from './object-files.ts';
import { projectionFiles } from './projected.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import type { VolumePlugin } from './volumes.ts';

export interface PluginOptions {
  readonly directories: Directories;
  readonly lookup: Lookup;
  /** A new name for every call. */
  readonly stamp: () => string;
  readonly tokens: ServiceAccountTokens;
  readonly facts: NodeFacts;
  /** Makes the directory one of memory; `tmpfs.ts` on a real node. Doing it twice is harmless. */
  readonly mountMemory: (path: string, bytesMax?: number) => Promise<void>;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function emptyDir({ directories, mountMemory }: PluginOptions): VolumePlugin {
  return {
    follows: false,
    matches: (volume) => volume.emptyDir !== undefined,
    async setUp(pod, volume) {
      const path = directories.volume(uidOf(pod), 'kubernetes.io/empty-dir', volume.name);
      await mkdir(path, { recursive: true });
      const { medium, sizeLimit } = volume.emptyDir ?? {};
      if (medium === 'Memory') await mountMemory(path, sizeLimit === undefined ? 0 : quantityValue(sizeLimit));
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

type Files = ReadonlyMap<string, FileContent>;

async function writeObject(options: PluginOptions, pod: Pod, path: string, files: Files): Promise<string> {
  await writeAtomically(path, files, { stamp: options.stamp(), groupId: specOf(pod).securityContext?.fsGroup });
  return path;
}

/** A volume of memory, whose files follow what they are made of. */
function filesInMemory(
  options: PluginOptions,
  field: 'secret' | 'projected' | 'downwardAPI',
  filesOf: (pod: Pod, volume: Volume) => Promise<Files>,
): VolumePlugin {
  const directory = { secret: 'secret', projected: 'projected', downwardAPI: 'downward-api' }[field];
  return {
    follows: true,
    matches: (volume) => volume[field] !== undefined,
    async setUp(pod, volume) {
      const files = await filesOf(pod, volume);
      const path = options.directories.volume(uidOf(pod), `kubernetes.io/${directory}`, volume.name);
      await mkdir(path, { recursive: true });
      await options.mountMemory(path);
      return writeObject(options, pod, path, files);
    },
  };
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

const secret = (options: PluginOptions): VolumePlugin =>
  filesInMemory(options, 'secret', async (pod, volume) => {
    const { secretName = '', items, defaultMode, optional = false } = volume.secret ?? {};
    const object = options.lookup.secret(namespaceOf(pod), secretName);
    if (object === undefined && !optional) throw new Error(`secret "${secretName}" not found`);
    return projectedFiles(secretContent(object), { items, defaultMode, optional }, 'secret');
  });

const projected = (options: PluginOptions): VolumePlugin =>
  filesInMemory(options, 'projected', (pod, volume) => {
    const { sources = [], defaultMode } = volume.projected ?? {};
    const { lookup, tokens, facts } = options;
    return projectionFiles({ pod, defaultMode, lookup, tokens, facts }, sources);
  });

const downwardApi = (options: PluginOptions): VolumePlugin =>
  filesInMemory(options, 'downwardAPI', async (pod, volume) => downwardFiles(pod, volume.downwardAPI ?? {}, options.facts));

/** Claims come here as one more. */
export const volumePlugins = (options: PluginOptions): readonly VolumePlugin[] => [
  emptyDir(options),
  hostPath,
  configMap(options),
  secret(options),
  projected(options),
  downwardApi(options),
];

export const kindOfVolume = (volume: Volume): string =>
  Object.keys(volume).find((field) => field !== 'name' && volume[field as keyof Volume] !== undefined) ?? 'emptyDir';
