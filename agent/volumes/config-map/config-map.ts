/** Source: pkg/volume/configmap/configmap.go */
import { namespaceOf } from '../../../functions/kube/object.ts';
import { fileVolume } from '../files/file-volume.ts';
import { configMapContent, projectedFiles } from '../files/object-files.ts';
import type { PluginOptions } from '../plugin-options.ts';
import type { VolumePlugin } from '../plugin.ts';

export const configMapPlugin = (options: PluginOptions): VolumePlugin =>
  fileVolume(options, {
    name: 'kubernetes.io/configmap',
    field: 'configMap',
    isInMemory: false,
    filesOf(pod, volume) {
      const { name = '', items, defaultMode, optional = false } = volume.configMap ?? {};
      const object = options.lookup.configMap(namespaceOf(pod), name);
      if (object === undefined && !optional) throw new Error(`configmap "${name}" not found`);
      return projectedFiles(configMapContent(object), { items, defaultMode, optional }, 'configmap');
    },
  });
