/**
 * Volumes and claims get a finalizer that keeps them as long as something uses them.
 * Source: plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go.
 */
import { groupResource, persistentVolumeClaims, persistentVolumes } from '../../kube/resource-type.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';

const finalizers: ReadonlyMap<string, string> = new Map([
  [groupResource(persistentVolumes), 'kubernetes.io/pv-protection'],
  [groupResource(persistentVolumeClaims), 'kubernetes.io/pvc-protection'],
  ['volumeattributesclasses.storage.k8s.io', 'kubernetes.io/vac-protection'],
]);

const finalizerOf = ({ type, subresource }: AdmissionAttributes): string | undefined =>
  subresource === '' ? finalizers.get(groupResource(type)) : undefined;

export const storageProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: (attributes) => attributes.operation === 'CREATE' && finalizerOf(attributes) !== undefined,
  async admit(attributes) {
    const finalizer = finalizerOf(attributes);
    const metadata = attributes.object?.metadata;
    if (metadata === undefined || finalizer === undefined || metadata.finalizers?.includes(finalizer) === true) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
