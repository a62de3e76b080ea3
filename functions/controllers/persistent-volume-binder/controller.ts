/** Binds claims and volumes. A request without a namespace is about a volume, one with a namespace about a claim. */
import { userNameOf } from '../../kube/controller-role.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { reconcileClaim } from './claims.ts';
import { reconcileVolume } from './volumes.ts';
import { persistentVolumeWatches } from './watches.ts';
import { persistentVolumeBinderRole } from './role.ts';

export const persistentVolumeBinder: Controller = {
  name: 'persistent-volume-binder',
  actsAs: userNameOf(persistentVolumeBinderRole),
  component: 'persistentvolume-controller',
  watches: persistentVolumeWatches,
  all: (cache) => [...namesOf(cache.list(persistentVolumes)), ...namesOf(cache.list(persistentVolumeClaims))],
  // Two claims must not choose the same volume.
  concurrency: 1,
  async reconcile(request, context) {
    if (request.namespace === '') {
      const volume = context.cache.get(persistentVolumes, request);
      if (volume !== undefined) await reconcileVolume(volume, context);
    } else {
      const claim = context.cache.get(persistentVolumeClaims, request);
      if (claim !== undefined) await reconcileClaim(claim, context);
    }
    return settled;
  },
};
