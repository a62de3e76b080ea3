/**
 * A claim without a class gets the newest of the default ones.
 * Source: plugin/pkg/admission/storage/storageclass/setdefault/admission.go.
 */
import type { PersistentVolumeClaim } from '../../kube/generated/types.ts';
import { annotationsOf, type KubeObject, nameOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resource-type.ts';
import type { View } from '../../kube/view.ts';
import { classAnnotation } from '../../resources/core/persistentvolumeclaim/table.ts';
import type { AdmissionOptions, PluginKind } from './plugin-kind.ts';
import { isOf } from './refuse.ts';

export const storageClassResource = 'storageclasses.storage.k8s.io';
const defaultAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

const isDefault = (object: KubeObject): boolean => defaultAnnotations.some((key) => annotationsOf(object)[key] === 'true');
const createdAt = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';

function defaultClass(view: View): KubeObject | undefined {
  const classes = view.list(storageClassResource).map(({ object }) => object);
  return classes
    .filter(isDefault)
    .toSorted((a, b) => (createdAt(a) === createdAt(b) ? compare(nameOf(a), nameOf(b)) : compare(createdAt(b), createdAt(a))))[0];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const defaultStorageClass: PluginKind = {
  name: 'DefaultStorageClass',
  isDefault: true,
  create: ({ store }: AdmissionOptions) => ({
    name: 'DefaultStorageClass',
    handles: (attributes) => attributes.operation === 'CREATE' && isOf(attributes, persistentVolumeClaims),
    async admit(attributes) {
      const claim = attributes.object as PersistentVolumeClaim | undefined;
      if (claim?.spec === undefined || claim.spec.storageClassName !== undefined || annotationsOf(claim)[classAnnotation] !== undefined)
        return;
      const chosen = defaultClass(store.view());
      if (chosen !== undefined) claim.spec.storageClassName = nameOf(chosen);
    },
  }),
};
