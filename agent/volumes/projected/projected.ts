/** Source: pkg/volume/projected/projected.go */
import { fileVolume } from '../files/file-volume.ts';
import type { PluginOptions } from '../plugin-options.ts';
import type { VolumePlugin } from '../plugin.ts';
import { projectionFiles } from './projection-files.ts';

export const projectedPlugin = (options: PluginOptions): VolumePlugin =>
  fileVolume(options, {
    name: 'kubernetes.io/projected',
    field: 'projected',
    isInMemory: true,
    filesOf(pod, volume) {
      const { sources, defaultMode } = volume.projected ?? {};
      const { lookup, tokens, certificates, facts } = options;
      return projectionFiles({ pod, volumeName: volume.name, defaultMode, lookup, tokens, certificates, facts }, sources ?? []);
    },
  });
