/**
 * A claim without a class gets the newest of the default ones.
 * Source: plugin/pkg/admission/storage/storageclass/setdefault/admission.go.
 */
import type { PersistentVolumeClaim } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resource-type.ts';
import { defaultClassOf, hasStorageClass } from '../../kube/volumes.ts';
import type { AdmissionOptions, PluginKind } from './plugin-kind.ts';
import { isOf } from './refuse.ts';

export const storageClassResource = 'storageclasses.storage.k8s.io';

export const defaultStorageClass: PluginKind = {
  name: 'DefaultStorageClass',
  isDefault: true,
  create: ({ store }: AdmissionOptions) => ({
    name: 'DefaultStorageClass',
    handles: (attributes) => attributes.operation === 'CREATE' && isOf(attributes, persistentVolumeClaims),
    async admit(attributes) {
      const claim = attributes.object as PersistentVolumeClaim | undefined;
      if (claim?.spec === undefined || hasStorageClass(claim)) return;
      const chosen = defaultClassOf(
        store
          .view()
          .list(storageClassResource)
          .map(({ object }) => object),
      );
      if (chosen !== undefined) claim.spec.storageClassName = nameOf(chosen);
    },
  }),
};
