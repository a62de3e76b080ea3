/**
 * Rules of `metadata` that hold for every kind. Pure: the registry calls them beside the kind's own validation.
 * Source: apimachinery, pkg/api/validation/objectmeta.go; pkg/apis/core/validation/validation.go, ValidateObjectMeta.
 */
import { deepEqual } from '../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, required, tooLong } from '../kube/field-error.ts';
import type { ObjectMeta, OwnerReference } from '../kube/generated/types.ts';
import { dnsLabelErrors, labelValueErrors, qualifiedNameErrors } from '../kube/names.ts';

export interface ObjectMetaRules {
  readonly namespaced: boolean;
  /** What is wrong with a name; nothing when it is right. */
  validateName(name: string): readonly string[];
}

const annotationsBytesMax = 256 * 1024;
const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

export function validateObjectMeta(meta: ObjectMeta, rules: ObjectMetaRules, path = 'metadata'): FieldError[] {
  return [
    ...nameErrors(meta, rules, path),
    ...namespaceErrors(meta, rules, path),
    ...validateLabels(meta.labels, `${path}.labels`),
    ...validateAnnotations(meta.annotations, `${path}.annotations`),
    ...validateOwnerReferences(meta.ownerReferences ?? [], `${path}.ownerReferences`),
    ...validateFinalizers(meta.finalizers ?? [], `${path}.finalizers`),
  ];
}

function nameErrors({ name, generateName }: ObjectMeta, { validateName }: ObjectMetaRules, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (generateName) {
    const likely = generateName.endsWith('-') ? `${generateName.slice(0, -1)}a` : generateName;
    errors.push(...validateName(likely).map((why) => invalid(`${path}.generateName`, generateName, why)));
  }
  if (!name) errors.push(required(`${path}.name`, 'name or generateName is required'));
  else errors.push(...validateName(name).map((why) => invalid(`${path}.name`, name, why)));
  return errors;
}

function namespaceErrors({ namespace }: ObjectMeta, { namespaced }: ObjectMetaRules, path: string): FieldError[] {
  if (!namespaced) return namespace ? [forbiddenField(`${path}.namespace`, 'not allowed on this type')] : [];
  if (!namespace) return [required(`${path}.namespace`)];
  return dnsLabelErrors(namespace).map((why) => invalid(`${path}.namespace`, namespace, why));
}

export const validateLabels = (labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...qualifiedNameErrors(key).map((why) => invalid(path, key, why)),
    ...labelValueErrors(value).map((why) => invalid(path, value, why)),
  ]);

export function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const errors = entries.flatMap(([key]) => qualifiedNameErrors(key.toLowerCase()).map((why) => invalid(path, key, why)));
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return bytes > annotationsBytesMax ? [...errors, tooLong(path, annotationsBytesMax)] : errors;
}

function validateOwnerReferences(references: readonly OwnerReference[], path: string): FieldError[] {
  const errors = references.flatMap((reference) => ownerReferenceErrors(reference, path));
  const [first, second] = references.filter(({ controller }) => controller === true);
  if (first === undefined || second === undefined) return errors;
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`;
  return [...errors, invalid(path, references, why)];
}

function ownerReferenceErrors(reference: OwnerReference, path: string): FieldError[] {
  const { apiVersion, kind, name, uid } = reference;
  const errors: FieldError[] = [];
  if (!apiVersion) errors.push(invalid(`${path}.apiVersion`, apiVersion ?? '', 'version must not be empty'));
  if (!kind) errors.push(invalid(`${path}.kind`, kind ?? '', 'must not be empty'));
  if (!name) errors.push(invalid(`${path}.name`, name ?? '', 'must not be empty'));
  if (!uid) errors.push(invalid(`${path}.uid`, uid ?? '', 'must not be empty'));
  if (apiVersion === 'v1' && kind === 'Event') errors.push(invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
  return errors;
}

export function validateFinalizers(finalizers: readonly string[], path: string): FieldError[] {
  const errors = finalizers.flatMap((finalizer) => finalizerErrors(finalizer, path));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function finalizerErrors(finalizer: string, path: string): FieldError[] {
  const errors = qualifiedNameErrors(finalizer).map((why) => invalid(path, finalizer, why));
  if (errors.length > 0 || finalizer.includes('/') || standardFinalizers.includes(finalizer)) return errors;
  return [invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];
}

const fixedFields = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** Everything that an update of `metadata` must keep. Both are as they would be stored. */
export function validateObjectMetaUpdate(next: ObjectMeta, current: ObjectMeta, path = 'metadata'): FieldError[] {
  const errors = validateFinalizers(next.finalizers ?? [], `${path}.finalizers`);
  if (current.deletionTimestamp !== undefined) errors.push(...newFinalizerErrors(next, current, path));
  for (const field of fixedFields) errors.push(...validateImmutable(next[field], current[field], `${path}.${field}`));
  if ((next.generation ?? 0) < (current.generation ?? 0)) {
    errors.push(invalid(`${path}.generation`, next.generation ?? 0, 'must not be decremented'));
  }
  return [
    ...errors,
    ...validateLabels(next.labels, `${path}.labels`),
    ...validateAnnotations(next.annotations, `${path}.annotations`),
    ...validateOwnerReferences(next.ownerReferences ?? [], `${path}.ownerReferences`),
  ];
}

function newFinalizerErrors(next: ObjectMeta, current: ObjectMeta, path: string): FieldError[] {
  const added = (next.finalizers ?? []).filter((finalizer) => !current.finalizers?.includes(finalizer)).toSorted();
  if (added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbiddenField(`${path}.finalizers`, why)];
}

/** One error when the field changed. Source: ValidateImmutableField. */
export const validateImmutable = (next: unknown, current: unknown, field: string): FieldError[] =>
  deepEqual(next, current) ? [] : [invalid(field, next, 'field is immutable')];

/** Where upstream's API declares the rule instead of coding it, the message does not show the value. */
export const validateDeclaredImmutable = (next: unknown, current: unknown, field: string): FieldError[] =>
  deepEqual(next, current) ? [] : [invalid(field, null, 'field is immutable')];
