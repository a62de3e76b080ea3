/** Source: pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec; pkg/volume/validation/pv_validation.go. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { unifiedDiff } from '../../../kube/unified-diff.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../../kube/generated/types.ts';
import { annotationsOf, nameOf } from '../../../kube/object.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { validatePositiveQuantity } from '../../quantity-rules.ts';
import { validateAccessModes, validateBasicQuantity, validateClassName, validateVolumeMode } from '../persistentvolumeclaim/validation.ts';
import { validateNodeSelector } from '../pod/affinity-validation.ts';
import { validateSource, volumeSources } from './source-validation.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
const mountAnnotation = 'volume.beta.kubernetes.io/mount-options';
const mountable = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;

export function validateVolume(volume: PersistentVolume): FieldError[] {
  const { spec } = volume;
  const policy = spec.persistentVolumeReclaimPolicy;
  const modes = spec.accessModes ?? [];
  return [
    ...(modes.length === 0 ? [required('spec.accessModes')] : []),
    ...validateAccessModes(modes, 'spec.accessModes'),
    ...capacityErrors(spec.capacity ?? {}),
    ...(policy && !reclaimPolicies.includes(policy) ? [notSupported('spec.persistentVolumeReclaimPolicy', policy, reclaimPolicies)] : []),
    ...affinityErrors(spec),
    ...validateSource(spec, { path: 'spec', volumeName: nameOf(volume) }),
    ...validateClassName(spec.storageClassName, 'spec.storageClassName'),
    ...validateVolumeMode(spec.volumeMode, 'spec.volumeMode'),
    ...attributesErrors(spec),
    ...mountErrors(volume),
  ];
}

function capacityErrors(capacity: Readonly<Record<string, string>>): FieldError[] {
  const field = 'spec.capacity';
  const names = Object.keys(capacity);
  const errors = names.length === 0 ? [required(field)] : [];
  if (capacity['storage'] === undefined || names.length > 1) {
    const sorted = Object.fromEntries(Object.entries(capacity).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    errors.push(notSupported(field, names.length === 0 ? null : sorted, ['storage']));
  }
  for (const [name, quantity] of Object.entries(capacity)) {
    errors.push(...validateBasicQuantity(quantity, `${field}[${name}]`), ...validatePositiveQuantity(quantity, `${field}[${name}]`));
  }
  return errors;
}

function affinityErrors({ nodeAffinity }: PersistentVolumeSpec): FieldError[] {
  if (nodeAffinity === undefined) return [];
  const field = 'spec.nodeAffinity.required';
  return nodeAffinity.required === undefined
    ? [required(field, 'must specify required node constraints')]
    : validateNodeSelector(nodeAffinity.required, field);
}

function attributesErrors({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec): FieldError[] {
  const field = 'spec.volumeAttributesClassName';
  if (name === undefined) return [];
  return [
    ...(name === '' ? [required(field, 'an empty string is disallowed')] : validateClassName(name, field)),
    ...(csi === undefined ? [required('spec.csi', 'has to be specified when using volumeAttributesClassName')] : []),
  ];
}

function mountErrors(volume: PersistentVolume): FieldError[] {
  const isAllowed = mountable.some((source) => volume.spec[source] !== undefined);
  if (isAllowed || annotationsOf(volume)[mountAnnotation] === undefined) return [];
  return [forbiddenField(`metadata.annotations.${mountAnnotation}`, 'may not specify mount options for this volume type')];
}

export function validateVolumeUpdate(next: PersistentVolume, current: PersistentVolume): FieldError[] {
  const errors: FieldError[] = [];
  const [after, before] = [sourceOf(next.spec, current.spec), sourceOf(current.spec)];
  if (!semanticallyEqual(after, before)) {
    const type = 'core.PersistentVolumeSource';
    const difference = unifiedDiff(internalForm(type, before), internalForm(type, after));
    errors.push(forbiddenField('spec.persistentvolumesource', `spec.persistentvolumesource is immutable after creation\n${difference}`));
  }
  errors.push(...validateImmutable(next.spec.volumeMode, current.spec.volumeMode, 'volumeMode'));
  if (current.spec.nodeAffinity !== undefined && !semanticallyEqual(next.spec.nodeAffinity, current.spec.nodeAffinity)) {
    const why = 'field is immutable, except for updating from beta label to GA';
    errors.push(invalid('nodeAffinity', internalForm('*core.VolumeNodeAffinity', next.spec.nodeAffinity), why));
  }
  if (current.spec.volumeAttributesClassName !== undefined && next.spec.volumeAttributesClassName === undefined) {
    errors.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

/** A secret for growing may be added to a CSI volume that has none. */
function sourceOf(spec: PersistentVolumeSpec, current?: PersistentVolumeSpec): object {
  const sources = Object.fromEntries(volumeSources.map((name) => [name, spec[name]]));
  if (spec.csi === undefined || current?.csi === undefined || current.csi.controllerExpandSecretRef !== undefined) return sources;
  const { controllerExpandSecretRef: _added, ...csi } = spec.csi;
  return { ...sources, csi };
}

const deprecatedAnnotations = [
  ['volume.beta.kubernetes.io/storage-class', 'deprecated since v1.8; use "storageClassName" attribute instead'],
  [mountAnnotation, 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const;
const deprecatedSources = [
  ['cephfs', 'v1.28', 'v1.31'],
  ['photonPersistentDisk', 'v1.11', 'v1.16'],
  ['scaleIO', 'v1.16', 'v1.22'],
  ['storageos', 'v1.22', 'v1.25'],
  ['glusterfs', 'v1.25', 'v1.26'],
  ['rbd', 'v1.28', 'v1.31'],
] as const;

/** Source: pkg/api/persistentvolume/util.go. */
export function volumeWarnings(volume: PersistentVolume): string[] {
  const { spec } = volume;
  const recycled =
    'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';
  return [
    ...deprecatedAnnotations.flatMap(([key, why]) =>
      annotationsOf(volume)[key] === undefined ? [] : [`metadata.annotations[${key}]: ${why}`],
    ),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle' ? [recycled] : []),
    ...deprecatedSources.flatMap(([source, since, end]) =>
      spec[source] === undefined
        ? []
        : [`spec.${source === 'storageos' ? 'storageOS' : source}: deprecated in ${since}, non-functional in ${end}+`],
    ),
  ];
}
