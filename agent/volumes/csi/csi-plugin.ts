/** A volume of a driver that lives and ends with its pod. */
import type { VolumePlugin } from '../plugin.ts';
import { inlineSource } from './csi-source.ts';
import type { CsiVolumes } from './csi-volumes.ts';

export const csiPlugin = (csi: CsiVolumes): VolumePlugin => ({
  name: 'kubernetes.io/csi',
  field: 'csi',
  isReadOnly: false,
  follows: true,
  publish: (request) => csi.publish(inlineSource(request.pod, request.volume), request),
  unpublish: (_volume, _directory, state) => csi.unpublish(state),
});
