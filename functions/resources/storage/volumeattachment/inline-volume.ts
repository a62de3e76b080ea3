/** A volume that no PersistentVolume describes. Source: pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec. */
import { type FieldError, forbiddenField, required } from '../../../kube/field-error.ts';
import type { PersistentVolumeSpec } from '../../../kube/generated/types.ts';
import { validateSource } from '../../core/persistentvolume/source-validation.ts';
import { validateAccessModes } from '../../core/persistentvolumeclaim/validation.ts';

const context = 'in the context of inline volumes';

export function validateInlineVolume({ nodeAffinity, ...spec }: PersistentVolumeSpec, path: string): FieldError[] {
  const { accessModes = [], persistentVolumeReclaimPolicy: policy, volumeMode } = spec;
  const refuse = (isGiven: boolean, field: keyof PersistentVolumeSpec, why = 'may not be specified'): FieldError[] =>
    isGiven ? [forbiddenField(`${path}.${field}`, `${why} ${context}`)] : [];
  return [
    ...refuse(spec.claimRef !== undefined, 'claimRef'),
    ...refuse(Object.keys(spec.capacity ?? {}).length > 0, 'capacity'),
    ...(spec.csi === undefined ? [required(`${path}.csi`, `has to be specified ${context}`)] : []),
    ...(accessModes.length === 0 ? [required(`${path}.accessModes`)] : []),
    ...validateAccessModes(accessModes, `${path}.accessModes`),
    ...refuse(Boolean(policy) && policy !== 'Retain', 'persistentVolumeReclaimPolicy', 'may only be Retain'),
    ...refuse(nodeAffinity !== undefined, 'nodeAffinity'),
    ...validateSource(spec, { path, volumeName: '' }),
    ...refuse(Boolean(spec.storageClassName), 'storageClassName'),
    ...refuse(volumeMode !== undefined && volumeMode !== 'Filesystem', 'volumeMode', 'may not specify volumeMode other than Filesystem'),
  ];
}
