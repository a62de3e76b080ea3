/**
 * Lets a class of attributes that was deleted go once no volume and no claim names it.
 * Source: pkg/controller/volume/vacprotection/vac_protection_controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses } from '../../kube/resource-type.ts';
import type { Controller, Index } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { protect } from './finalizers.ts';
import { attributesClassProtectionWatches } from './watches.ts';
import { attributesClassProtectionRole } from './role.ts';

const finalizer = 'kubernetes.io/vac-protection';

const isNamed = (name: string | undefined): name is string => name !== undefined && name !== '';

const volumesByClass: Index<PersistentVolume> = {
  type: persistentVolumes,
  values: ({ spec }) => [spec.volumeAttributesClassName].filter(isNamed),
};

/** Also the class that a claim has still, and the one that it is to get. */
const claimsByClass: Index<PersistentVolumeClaim> = {
  type: persistentVolumeClaims,
  values: ({ spec, status }) => {
    const target = status?.modifyVolumeStatus?.targetVolumeAttributesClassName;
    return [...new Set([spec.volumeAttributesClassName, status?.currentVolumeAttributesClassName, target].filter(isNamed))];
  },
};

export const attributesClassProtectionController: Controller = {
  name: 'attributes-class-protection',
  actsAs: userNameOf(attributesClassProtectionRole),
  component: 'volumeattributesclass-protection-controller',
  watches: attributesClassProtectionWatches,
  all: (cache) => namesOf(cache.list(volumeAttributesClasses)),
  async reconcile(request, context) {
    const { cache } = context;
    const object = cache.get(volumeAttributesClasses, request);
    if (object === undefined) return settled;
    const users = cache.by(volumesByClass, nameOf(object)).length + cache.by(claimsByClass, nameOf(object)).length;
    // One that cannot be read may name it.
    const isUsed = users + cache.unreadable(persistentVolumes).length + cache.unreadable(persistentVolumeClaims).length > 0;
    await protect({ type: volumeAttributesClasses, object, finalizer, isUsed }, context);
    return settled;
  },
};
