/** A file or directory of the node itself. Who may use one is trusted with the node. Source: pkg/volume/hostpath/host_path.go (checkType) */
import type { Stats } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { orUndefined } from '../../files/error-code.ts';
import type { PersistentSource, VolumePlugin } from '../plugin.ts';

interface PathType {
  /** The type's name in upstream's error message. */
  readonly name: string;
  readonly is: (stats: Stats) => boolean;
  readonly make?: (path: string) => Promise<unknown>;
}

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

export const hostPathPlugin: VolumePlugin = {
  name: 'kubernetes.io/host-path',
  field: 'hostPath',
  isReadOnly: false,
  follows: false,
  async publish({ volume }) {
    const path = volume.hostPath?.path ?? '';
    const type = pathTypes[volume.hostPath?.type ?? ''];
    if (type === undefined) return { path };
    if ((await orUndefined(stat(path))) === undefined) await type.make?.(path);
    const stats = await orUndefined(stat(path));
    if (stats === undefined || !type.is(stats)) throw new Error(`hostPath type check failed: ${path} is not a ${type.name}`);
    return { path };
  },
};

export const hostPathSource: PersistentSource = {
  field: 'hostPath',
  publish: ({ spec: { hostPath } }, request) =>
    hostPathPlugin.publish({ ...request, volume: { name: request.volume.name, ...(hostPath === undefined ? {} : { hostPath }) } }),
};
