/** The kinds of volume of a real node. */
import type { Volume } from '../../functions/kube/generated/types.ts';
import { configMapPlugin } from './config-map/config-map.ts';
import { csiPlugin } from './csi/csi-plugin.ts';
import { downwardApiPlugin } from './downward-api/downward-api.ts';
import { emptyDirPlugin } from './empty-dir/empty-dir.ts';
import { hostPathPlugin, hostPathSource } from './host-path/host-path.ts';
import { imagePlugin } from './image/image.ts';
import { localSource } from './local/local.ts';
import { nfsPlugin, nfsSource } from './nfs/nfs.ts';
import { ephemeralPlugin, persistentVolumeClaimPlugin } from './persistent-volume/persistent-volume.ts';
import type { PluginOptions } from './plugin-options.ts';
import type { PersistentSource, VolumePlugin } from './plugin.ts';
import { projectedPlugin } from './projected/projected.ts';
import { secretPlugin } from './secret/secret.ts';

/** What a PersistentVolume may be, besides a driver's. */
const persistentSources = (options: PluginOptions): readonly PersistentSource[] => [hostPathSource, localSource, nfsSource(options)];

export const allPlugins = (options: PluginOptions): readonly VolumePlugin[] => [
  emptyDirPlugin(options),
  hostPathPlugin,
  configMapPlugin(options),
  secretPlugin(options),
  projectedPlugin(options),
  downwardApiPlugin(options),
  persistentVolumeClaimPlugin({ ...options, sources: persistentSources(options) }),
  ephemeralPlugin({ ...options, sources: persistentSources(options) }),
  nfsPlugin(options),
  imagePlugin(options.imageMounts),
  ...(options.csi === undefined ? [] : [csiPlugin(options.csi)]),
];

export const kindOfVolume = (volume: Volume): string =>
  Object.keys(volume).find((field) => field !== 'name' && volume[field as keyof Volume] !== undefined) ?? 'emptyDir';
