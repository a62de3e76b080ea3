/**
 * The files of an image, for reading. The volume's directory exists from the start. The image is pulled and mounted there
 * when the first container that mounts it starts. A failed pull is that container's failure.
 * Source: pkg/volume/image/image.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go (getImageVolumes)
 */
import { Directory, passageMode } from '../../files/directory.ts';
import type { ImageMounts } from '../../images/image-mounts.ts';
import type { VolumePlugin } from '../plugin.ts';

export const imagePlugin = (mounts: Pick<ImageMounts, 'unmount'>): VolumePlugin => ({
  name: 'kubernetes.io/image',
  field: 'image',
  isReadOnly: false,
  follows: false,
  async publish({ directory }) {
    await using _made = await Directory.make(directory, passageMode);
    return { path: directory, isMountedReadOnly: true };
  },
  unpublish: (_volume, directory) => mounts.unmount(directory),
});
