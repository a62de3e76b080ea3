/** Lets a volume that was deleted go once no claim is bound to it. Source: pkg/controller/volume/pvprotection/pv_protection_controller.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { persistentVolumes } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { protect } from './finalizers.ts';
import { volumeProtectionWatches } from './watches.ts';
import { volumeProtectionRole } from './role.ts';

const finalizer = 'kubernetes.io/pv-protection';

export const volumeProtectionController: Controller = {
  name: 'volume-protection',
  actsAs: userNameOf(volumeProtectionRole),
  component: 'pv-protection-controller',
  watches: volumeProtectionWatches,
  all: (cache) => namesOf(cache.list(persistentVolumes)),
  async reconcile(request, context) {
    const volume = context.cache.get(persistentVolumes, request);
    if (volume !== undefined)
      await protect({ type: persistentVolumes, object: volume, finalizer, isUsed: volume.status?.phase === 'Bound' }, context);
    return settled;
  },
};
