/** Source: pkg/volume/secret/secret.go */
import { namespaceOf } from '../../../functions/kube/object.ts';
import { fileVolume } from '../files/file-volume.ts';
import { projectedFiles, secretContent } from '../files/object-files.ts';
import type { PluginOptions } from '../plugin-options.ts';
import type { VolumePlugin } from '../plugin.ts';

export const secretPlugin = (options: PluginOptions): VolumePlugin =>
  fileVolume(options, {
    name: 'kubernetes.io/secret',
    field: 'secret',
    isInMemory: true,
    filesOf(pod, volume) {
      const { secretName = '', items, defaultMode, optional = false } = volume.secret ?? {};
      const object = options.lookup.secret(namespaceOf(pod), secretName);
      if (object === undefined && !optional) throw new Error(`secret "${secretName}" not found`);
      return projectedFiles(secretContent(object), { items, defaultMode, optional }, 'secret');
    },
  });
