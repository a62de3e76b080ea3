/**
 * A directory of an NFS server, mounted for each pod anew: the server decides who may do what there.
 * Source: pkg/volume/nfs/nfs.go; pkg/volume/util/util.go (MountOptionFromSpec)
 */
import { isIPv6 } from 'node:net';
import type { NFSVolumeSource, PersistentVolume } from '../../../functions/kube/generated/types.ts';
import type { RemoteMount } from '../../files/remote-mount.ts';
import type { PluginOptions } from '../plugin-options.ts';
import type { PersistentSource, VolumePlugin } from '../plugin.ts';

/** Until they were a field, mount options of a volume were an annotation, which still wins. */
const optionsAnnotation = 'volume.beta.kubernetes.io/mount-options';

export interface NfsVolume {
  readonly source: NFSVolumeSource;
  readonly isReadOnly: boolean;
  readonly mountOptions: readonly string[];
}

export function mountOptionsOf({ metadata, spec }: PersistentVolume): readonly string[] {
  return metadata.annotations?.[optionsAnnotation]?.split(',') ?? spec.mountOptions ?? [];
}

/** The options of the mount in order, each once. */
export function nfsMount({ source, isReadOnly, mountOptions }: NfsVolume, target: string): RemoteMount {
  const { server, path } = source;
  const options = new Set([...mountOptions.filter((option) => option !== ''), ...(isReadOnly ? ['ro'] : [])]);
  return { type: 'nfs', source: `${isIPv6(server) ? `[${server}]` : server}:${path}`, target, options: [...options].toSorted() };
}

export const nfsPlugin = ({ mountRemote }: Pick<PluginOptions, 'mountRemote'>): VolumePlugin => ({
  name: 'kubernetes.io/nfs',
  field: 'nfs',
  isReadOnly: false,
  follows: false,
  async publish({ volume, directory }) {
    const source = volume.nfs ?? { server: '', path: '' };
    const isReadOnly = source.readOnly === true;
    await mountRemote(nfsMount({ source, isReadOnly, mountOptions: [] }, directory));
    return { path: directory, isReadOnly };
  },
});

export const nfsSource = ({ mountRemote }: Pick<PluginOptions, 'mountRemote'>): PersistentSource => ({
  field: 'nfs',
  async publish(volume, { directory }, isReadOnly) {
    const source = volume.spec.nfs ?? { server: '', path: '' };
    await mountRemote(nfsMount({ source, isReadOnly, mountOptions: mountOptionsOf(volume) }, directory));
    return { path: directory };
  },
});
