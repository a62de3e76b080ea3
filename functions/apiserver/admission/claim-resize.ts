/**
 * A claim grows only once it is bound, and only where its class allows it: decided at the commit point.
 * Source: plugin/pkg/admission/storage/persistentvolume/resize/admission.go.
 */
import type { PersistentVolumeClaim, StorageClass } from '../../kube/generated/types.ts';
import { persistentVolumeClaims } from '../../kube/resource-type.ts';
import { compareQuantities } from '../../kube/quantity.ts';
import { forbidden } from '../../kube/status-error.ts';
import { classOf } from '../../resources/core/persistentvolumeclaim/table.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { storageClassResource } from './default-storage-class.ts';
import { isOf } from './refuse.ts';

const sizeOf = ({ spec }: PersistentVolumeClaim): string => spec.resources?.requests?.['storage'] ?? '0';

export const claimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  handles: (attributes) => attributes.operation === 'UPDATE' && isOf(attributes, persistentVolumeClaims),
  commit: {
    operations: ['update'],
    apply({ key, next, current }, view) {
      const [claim, before] = [next as PersistentVolumeClaim, current as PersistentVolumeClaim | undefined];
      if (before === undefined || compareQuantities(sizeOf(claim), sizeOf(before)) <= 0) return {};
      if (before.status?.phase !== 'Bound') {
        throw forbidden(persistentVolumeClaims, key.name, 'Only bound persistent volume claims can be expanded');
      }
      const name = classOf(claim);
      const stored =
        name !== '' && name === classOf(before) ? view.get({ resource: storageClassResource, namespace: '', name }) : undefined;
      if ((stored?.object as StorageClass | undefined)?.allowVolumeExpansion === true) return {};
      const why = 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
      throw forbidden(persistentVolumeClaims, key.name, why);
    },
  },
};
