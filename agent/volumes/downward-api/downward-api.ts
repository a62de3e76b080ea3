/** Source: pkg/volume/downwardapi/downwardapi.go */
import { downwardFiles } from '../files/downward-files.ts';
import { fileVolume } from '../files/file-volume.ts';
import type { PluginOptions } from '../plugin-options.ts';
import type { VolumePlugin } from '../plugin.ts';

export const downwardApiPlugin = (options: PluginOptions): VolumePlugin =>
  fileVolume(options, {
    name: 'kubernetes.io/downward-api',
    field: 'downwardAPI',
    isInMemory: true,
    filesOf: (pod, volume) => downwardFiles(pod, volume.downwardAPI ?? {}, options.facts),
  });
