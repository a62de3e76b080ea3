/** Source: pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaimSpec. */
import { copy } from '../../../kube/copy.ts';
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedObjectReference } from '../../../kube/generated/types.ts';
import { labelSelectorForm } from '../../../kube/go-internal.ts';
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { annotationsOf } from '../../../kube/object.ts';
import { compareQuantities, parseQuantity, quantityValue } from '../../../kube/quantity.ts';
import { unifiedDiff } from '../../../kube/unified-diff.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { isNativeResource, validateNonnegativeQuantity, validatePositiveQuantity } from '../../quantity-rules.ts';
import { classAnnotation } from './table.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];

export const validateClaim = ({ spec }: PersistentVolumeClaim): FieldError[] => validateClaimSpec(spec, 'spec');

export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const { volumeMode, selector, dataSource, dataSourceRef } = spec;
  const modes = spec.accessModes ?? [];
  return [
    ...(modes.length === 0 ? [required(`${path}.accessModes`, 'at least 1 access mode is required')] : []),
    ...(selector === undefined ? [] : validateLabelSelector(selector, `${path}.selector`)),
    ...validateAccessModes(modes, `${path}.accessModes`),
    ...storageErrors(spec, `${path}.resources[storage]`),
    ...validateClassName(spec.storageClassName, `${path}.storageClassName`),
    ...validateVolumeMode(volumeMode, `${path}.volumeMode`),
    ...(dataSource === undefined ? [] : sourceErrors(dataSource, `${path}.dataSource`)),
    ...(dataSourceRef === undefined ? [] : sourceErrors(dataSourceRef, `${path}.dataSourceRef`)),
    ...sourcesErrors(spec, path),
    ...validateClassName(spec.volumeAttributesClassName, `${path}.volumeAttributesClassName`),
  ];
}

export function validateAccessModes(modes: readonly string[], field: string): FieldError[] {
  const errors = modes.flatMap((mode) => (accessModes.includes(mode) ? [] : [notSupported(field, mode, accessModes)]));
  const others = modes.filter((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode));
  if (!modes.includes('ReadWriteOncePod') || others.length === 0) return errors;
  return [...errors, forbiddenField(field, 'may not use ReadWriteOncePod with other access modes')];
}

export const validateVolumeMode = (mode: string | undefined, field: string): FieldError[] =>
  mode === undefined || volumeModes.includes(mode) ? [] : [notSupported(field, mode, volumeModes)];

export const validateClassName = (name: string | undefined, field: string): FieldError[] =>
  name ? dnsSubdomainErrors(name).map((why) => invalid(field, name, why)) : [];

function storageErrors({ resources }: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const storage = resources?.requests?.['storage'];
  if (storage === undefined) return [required(field)];
  const errors = validatePositiveQuantity(storage, field);
  return errors.length > 0 ? errors : validateNonnegativeQuantity(storage, field);
}

function sourceErrors({ name, kind, apiGroup, namespace }: TypedObjectReference, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${path}.name`));
  if (!kind) errors.push(required(`${path}.kind`));
  if (!apiGroup && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (apiGroup) errors.push(...dnsSubdomainErrors(apiGroup).map((why) => invalid(`${path}.apiGroup`, apiGroup, why)));
  if (namespace) errors.push(...dnsLabelErrors(namespace).map((why) => invalid(`${path}.namespace`, namespace, why)));
  return errors;
}

function sourcesErrors({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, path: string): FieldError[] {
  if (dataSource === undefined || dataSourceRef === undefined) return [];
  if (dataSourceRef.namespace) return [invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified')];
  const isSame = (['apiGroup', 'kind', 'name'] as const).every((field) => (dataSource[field] ?? null) === (dataSourceRef[field] ?? null));
  return isSame ? [] : [invalid(path, {}, 'must match dataSourceRef')];
}

export function validateClaimUpdate(next: PersistentVolumeClaim, current: PersistentVolumeClaim): FieldError[] {
  const errors = classErrors(next, current);
  const [before, after] = [withVolume(next, current), comparable(next, current)];
  if (!semanticallyEqual(after, before)) {
    const why = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbiddenField('spec', `${why}\n${unifiedDiff(internalForm(before), internalForm(after))}`));
  }
  const storage = ({ spec }: PersistentVolumeClaim): string => spec.resources?.requests?.['storage'] ?? '0';
  const capacity = current.status?.capacity?.['storage'] ?? '0';
  if (compareQuantities(storage(next), storage(current)) < 0 && compareQuantities(storage(next), capacity) <= 0) {
    errors.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
  errors.push(...validateImmutable(next.spec.volumeMode, current.spec.volumeMode, 'volumeMode'));
  const [wanted, known] = [next.spec.volumeAttributesClassName, current.spec.volumeAttributesClassName];
  if (wanted === known || current.status?.currentVolumeAttributesClassName === undefined || wanted) return errors;
  const to = wanted === undefined ? 'nil' : 'empty string';
  const why = `update to ${to} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [...errors, forbiddenField('spec.volumeAttributesClassName', why)];
}

/** The claim's spec as Go prints its own type. */
export function internalForm(spec: PersistentVolumeClaimSpec): object {
  const { resources, dataSource, dataSourceRef } = spec;
  const sorted = (quantities: Record<string, string> | undefined): object | null =>
    quantities === undefined ? null : Object.fromEntries(Object.entries(quantities).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const reference = ({ apiGroup, kind, name }: TypedObjectReference): object => ({ APIGroup: apiGroup ?? null, Kind: kind, Name: name });
  return {
    AccessModes: spec.accessModes ?? null,
    Selector: labelSelectorForm(spec.selector) ?? null,
    Resources: { Limits: sorted(resources?.limits), Requests: sorted(resources?.requests) },
    VolumeName: spec.volumeName ?? '',
    StorageClassName: spec.storageClassName ?? null,
    VolumeMode: spec.volumeMode ?? null,
    DataSource: dataSource === undefined ? null : reference(dataSource),
    DataSourceRef: dataSourceRef === undefined ? null : { ...reference(dataSourceRef), Namespace: dataSourceRef.namespace ?? null },
    VolumeAttributesClassName: spec.volumeAttributesClassName ?? null,
  };
}

/** The class may move from the annotation to the field, or appear where none was. */
function isClassMoved(next: PersistentVolumeClaim, current: PersistentVolumeClaim): boolean {
  const [after, before] = [annotationsOf(next)[classAnnotation], annotationsOf(current)[classAnnotation]];
  const { storageClassName } = next.spec;
  if (before === undefined || current.spec.storageClassName !== undefined || storageClassName !== before) return false;
  return after === undefined || after === before;
}

function classErrors(next: PersistentVolumeClaim, current: PersistentVolumeClaim): FieldError[] {
  if (isClassMoved(next, current)) return [];
  const [after, before] = [annotationsOf(next)[classAnnotation], annotationsOf(current)[classAnnotation]];
  return after === before ? [] : [invalid('metadata.annotations', after ?? '', 'field is immutable')];
}

/** The next spec with everything as before that may change. */
function comparable(next: PersistentVolumeClaim, current: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const spec = copy(next.spec);
  const before = annotationsOf(current)[classAnnotation];
  const mayAppear = spec.storageClassName !== undefined && current.spec.storageClassName === undefined;
  if (isClassMoved(next, current) || (mayAppear && (before === undefined || before === spec.storageClassName)))
    delete spec.storageClassName;
  if (next.status?.phase !== 'Bound') return spec;
  const storage = current.spec.resources?.requests?.['storage'];
  if (spec.resources?.requests !== undefined && storage !== undefined) spec.resources.requests['storage'] = storage;
  delete spec.volumeAttributesClassName;
  if (current.spec.volumeAttributesClassName !== undefined) spec.volumeAttributesClassName = current.spec.volumeAttributesClassName;
  return spec;
}

/** A claim is bound to a volume once. */
function withVolume(next: PersistentVolumeClaim, current: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  if (current.spec.volumeName) return current.spec;
  const { volumeName } = next.spec;
  return { ...current.spec, ...(volumeName === undefined ? {} : { volumeName }) };
}

const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].toSorted();

export function validateClaimStatusUpdate({ spec, status }: PersistentVolumeClaim): FieldError[] {
  const statuses = 'status.allocatedResourceStatuses';
  return [
    ...((spec.accessModes ?? []).length === 0 ? [required('Spec.accessModes')] : []),
    ...Object.entries(status?.capacity ?? {}).flatMap(([name, quantity]) => validateBasicQuantity(quantity, `status.capacity[${name}]`)),
    ...Object.entries(status?.allocatedResourceStatuses ?? {}).flatMap(([name, value]) => [
      ...resourceKeyErrors(name, statuses),
      ...(resizeStatuses.includes(value) ? [] : [notSupported(statuses, name, resizeStatuses)]),
    ]),
    ...Object.entries(status?.allocatedResources ?? {}).flatMap(([name, quantity]) => {
      const errors = resourceKeyErrors(name, 'status.allocatedResources');
      return errors.length > 0 ? errors : validateBasicQuantity(quantity, `status.allocatedResources[${name}]`);
    }),
  ];
}

export const validateBasicQuantity = (quantity: string, field: string): FieldError[] =>
  parseQuantity(quantity) < 0n ? [invalid(field, quantityValue(quantity), 'must be a valid resource quantity')] : [];

function resourceKeyErrors(name: string, field: string): FieldError[] {
  const errors = qualifiedNameErrors(name).map((why) => invalid(field, name, why));
  if (errors.length > 0 || !isNativeResource(name) || name === 'storage') return errors;
  return [notSupported(field, name, ['storage'])];
}

/** Source: pkg/api/persistentvolumeclaim/util.go, GetWarningsForPersistentVolumeClaim. */
export const claimWarnings = (claim: PersistentVolumeClaim): string[] => [
  ...(annotationsOf(claim)[classAnnotation] === undefined
    ? []
    : [`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
  ...claimSpecWarnings(claim.spec, 'spec'),
];

const nanoPerUnit = 1_000_000_000n;

/** Source: GetWarningsForPersistentVolumeClaimSpec. */
export function claimSpecWarnings({ resources }: PersistentVolumeClaimSpec, path: string): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const storage = resources?.[list]?.['storage'];
    if (storage === undefined || parseQuantity(storage) % nanoPerUnit === 0n) return [];
    return [`${path}.resources.${list}[storage]: fractional byte value ${JSON.stringify(storage)} is invalid, must be an integer`];
  });
}
