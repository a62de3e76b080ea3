/**
 * Rules of `metadata` that hold for every kind. Pure: the registry calls them beside the kind's own validation.
 * Source: apimachinery, pkg/api/validation/objectmeta.go; pkg/apis/core/validation/validation.go, ValidateObjectMeta.
 */
import { semanticallyEqual } from '../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, required, tooLong } from '../kube/field-error.ts';
import { internalForm } from '../kube/go-internal.ts';
import type { ObjectMeta, OwnerReference } from '../kube/generated/types.ts';
import { validateNonnegative } from './field-rules.ts';
import { dnsLabelErrors, labelValueErrors, pathSegmentErrors, qualifiedNameErrors } from '../kube/names.ts';

export interface ObjectMetaRules {
  readonly namespaced: boolean;
  /** Finalizers of custom kinds need no domain. */
  readonly isCustom?: boolean;
  /** What is wrong with a name; nothing when it is right. */
  validateName(name: string): readonly string[];
}

const annotationsBytesMax = 256 * 1024;
const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

export function validateObjectMeta(meta: ObjectMeta, rules: ObjectMetaRules, path = 'metadata'): FieldError[] {
  return [
    ...nameErrors(meta, rules, path),
    ...namespaceErrors(meta, rules, path),
    ...validateNonnegative(meta.generation, `${path}.generation`),
    ...describedErrors(meta, path),
    ...finalizersErrors(meta.finalizers ?? [], `${path}.finalizers`),
    ...(rules.isCustom === true ? [] : unqualifiedFinalizerErrors(meta, path)),
  ];
}

const unqualifiedFinalizerErrors = ({ finalizers = [] }: ObjectMeta, path: string): FieldError[] =>
  finalizers.flatMap((finalizer, index) => unqualifiedErrors(finalizer, `${path}.finalizers[${index}]`));

export function validateNamePrefix(
  { generateName = '' }: ObjectMeta,
  validateName: ObjectMetaRules['validateName'],
  path = 'metadata',
): FieldError[] {
  if (generateName === '') return [];
  // Upstream replaces one letter more than the dash.
  const likely = generateName.length > 1 && generateName.endsWith('-') ? `${generateName.slice(0, -2)}a` : generateName;
  return validateName(likely).map((why) => invalid(`${path}.generateName`, generateName, why));
}

function nameErrors({ name, generateName }: ObjectMeta, { validateName }: ObjectMetaRules, path: string): FieldError[] {
  const errors = validateNamePrefix(generateName === undefined ? {} : { generateName }, validateName, path);
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

const ownerText = ({ kind, name }: OwnerReference): string => `${kind}/${name}`;

function validateOwnerReferences(references: readonly OwnerReference[], path: string): FieldError[] {
  const errors = references.flatMap((reference, index) => ownerReferenceErrors(reference, `${path}[${index}]`));
  const [first, ...others] = references.filter(({ controller }) => controller === true);
  if (first === undefined) return errors;
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${ownerText(first)}`;
  return [...errors, ...others.map((other) => invalid(path, references, `${why} and ${ownerText(other)}`))];
}

function ownerReferenceErrors(reference: OwnerReference, path: string): FieldError[] {
  const { apiVersion, kind, name, uid } = reference;
  const errors: FieldError[] = [];
  const why = 'must not be empty';
  if (!apiVersion) errors.push(required(`${path}.apiVersion`, why));
  else if (!/^(?:[^/]*\/)?[^/]+$/.test(apiVersion)) {
    errors.push(invalid(`${path}.apiVersion`, apiVersion, 'must be <group>/<version> or <version>'));
  }
  if (!kind) errors.push(required(`${path}.kind`, why));
  if (!name) errors.push(required(`${path}.name`, why));
  if (!uid) errors.push(required(`${path}.uid`, why));
  if (apiVersion === 'v1' && kind === 'Event') errors.push(invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
  return errors;
}

function finalizersErrors(finalizers: readonly string[], path: string): FieldError[] {
  const errors = finalizers.flatMap((finalizer) => qualifiedNameErrors(finalizer).map((why) => invalid(path, finalizer, why)));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

/** Finalizers that stand elsewhere than in the metadata. */
export const validateFinalizers = (finalizers: readonly string[], path: string): FieldError[] =>
  finalizers.flatMap((finalizer) => [
    ...qualifiedNameErrors(finalizer).map((why) => invalid(path, finalizer, why)),
    ...unqualifiedErrors(finalizer, path),
  ]);

export const isQualifiedFinalizer = (finalizer: string): boolean => finalizer.includes('/') || standardFinalizers.includes(finalizer);

const unqualifiedErrors = (finalizer: string, path: string): FieldError[] =>
  isQualifiedFinalizer(finalizer) ? [] : [invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];

const fixedFields = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** Checked of every update, besides the rules of its kind for names; and what it must keep. Both are as they would be stored. */
export function validateObjectMetaUpdate(next: ObjectMeta, current: ObjectMeta, { namespaced, isCustom }: UpdatedMetaRules): FieldError[] {
  const path = 'metadata';
  const rules = { namespaced, isCustom: true, validateName: pathSegmentErrors };
  const first = validateObjectMeta(next, rules, path);
  // What is right in itself is right the second time, too.
  const described = first.length === 0 ? [] : describedErrors(next, path);
  const errors = [...first, ...changeErrors(next, current, path), ...described];
  return isCustom ? errors : [...errors, ...unqualifiedFinalizerErrors(next, path)];
}

/** What an update may do to the metadata. Source: objectmeta.go, ValidateObjectMetaAccessorUpdate. */
export const validateChangedMeta = (next: ObjectMeta, current: ObjectMeta, path = 'metadata'): FieldError[] => [
  ...changeErrors(next, current, path),
  ...describedErrors(next, path),
];

function changeErrors(next: ObjectMeta, current: ObjectMeta, path: string): FieldError[] {
  const errors = current.deletionTimestamp === undefined ? [] : newFinalizerErrors(next, current, path);
  errors.push(...validateNonnegative(next.generation, `${path}.generation`));
  if ((next.generation ?? 0) < (current.generation ?? 0)) {
    errors.push(invalid(`${path}.generation`, next.generation ?? 0, 'must not be decremented'));
  }
  for (const field of fixedFields) errors.push(...validateImmutable(next[field], current[field], `${path}.${field}`));
  return errors;
}

/** Labels, annotations and owners. */
const describedErrors = ({ labels, annotations, ownerReferences = [] }: ObjectMeta, path: string): FieldError[] => [
  ...validateLabels(labels, `${path}.labels`),
  ...validateAnnotations(annotations, `${path}.annotations`),
  ...validateOwnerReferences(ownerReferences, `${path}.ownerReferences`),
];

interface UpdatedMetaRules {
  readonly namespaced: boolean;
  readonly isCustom: boolean;
}

/** Errors of names that cannot be a segment of a path, checked after the kind's own rules. */
export const validatePathNames = ({ name = '', generateName = '' }: ObjectMeta): FieldError[] => [
  ...pathSegmentErrors(generateName).map((why) => invalid('metadata.generateName', generateName, why)),
  ...pathSegmentErrors(name).map((why) => invalid('metadata.name', name, why)),
];

function newFinalizerErrors(next: ObjectMeta, current: ObjectMeta, path: string): FieldError[] {
  const added = (next.finalizers ?? []).filter((finalizer) => !current.finalizers?.includes(finalizer)).toSorted();
  if (added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbiddenField(`${path}.finalizers`, why)];
}

/** One error when the field changed. Source: ValidateImmutableField. */
export const validateImmutable = (next: unknown, current: unknown, field: string): FieldError[] =>
  semanticallyEqual(next, current) ? [] : [invalid(field, next, 'field is immutable')];

/** The same of a struct, which the message shows as upstream's internal type has it: `batch.JobSpec`. */
export const validateImmutableStruct = (
  next: unknown,
  current: unknown,
  at: { readonly field: string; readonly type: string },
): FieldError[] => (semanticallyEqual(next, current) ? [] : [invalid(at.field, internalForm(at.type, next), 'field is immutable')]);

/** Where upstream's API declares the rule instead of coding it, the message does not show the value. */
export const validateDeclaredImmutable = (next: unknown, current: unknown, field: string): FieldError[] =>
  semanticallyEqual(next, current) ? [] : [invalid(field, null, 'field is immutable')];

const unsettable = [
  ...(['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'] as const),
  ...(['deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'ownerReferences', 'finalizers', 'selfLink'] as const),
];

/** Objects get labels and annotations of their template, and nothing else. Source: ValidateTemplateObjectMeta. */
export const validateTemplateMeta = (metadata: ObjectMeta, path: string): FieldError[] => [
  ...validateAnnotations(metadata.annotations, `${path}.annotations`),
  ...validateLabels(metadata.labels, `${path}.labels`),
  ...unsettable.flatMap((field) => (metadata[field] === undefined ? [] : [forbiddenField(`${path}.${field}`, 'cannot be set')])),
];
