/** A directory that lives as long as its pod. Source: pkg/volume/emptydir/empty_dir.go */
import { quantityValue } from '../../../functions/kube/quantity.ts';
import { Directory } from '../../files/directory.ts';
import { specOf } from '../../pods/pod-facts.ts';
import type { PluginOptions } from '../plugin-options.ts';
import type { VolumePlugin } from '../plugin.ts';

export const emptyDirPlugin = ({ mountMemory }: PluginOptions): VolumePlugin => ({
  name: 'kubernetes.io/empty-dir',
  field: 'emptyDir',
  isReadOnly: false,
  follows: false,
  async publish({ pod, volume, directory }) {
    const { medium, sizeLimit } = volume.emptyDir ?? {};
    const isInMemory = medium === 'Memory';
    if (isInMemory) {
      await using _made = await Directory.make(directory);
      await mountMemory(directory, sizeLimit === undefined ? 0 : quantityValue(sizeLimit));
    }
    await using root = await Directory.make(directory);
    const groupId = specOf(pod).securityContext?.fsGroup;
    if (groupId !== undefined) await root.setOwner(0, groupId);
    // The kernel makes file systems of memory with this bit, and upstream leaves it.
    const sticky = isInMemory ? 0o1000 : 0;
    await root.setMode((groupId === undefined ? 0o777 : 0o2777) | sticky);
    return { path: directory };
  },
});
