/** Source: pkg/apis/resource/validation/validation.go, ValidateResourceClaimTemplate. */
import { type FieldError, forbiddenField } from '../../../kube/field-error.ts';
import type { ObjectMeta, ResourceClaimTemplate } from '../../../kube/generated/types.ts';
import { validateAnnotations, validateImmutableStruct, validateLabels } from '../../metadata-validation.ts';
import { adminAccessOfTemplate } from '../admin-access.ts';
import { validateClaimSpec } from '../claim-validation.ts';

export const commit = [adminAccessOfTemplate];

/** Upstream checks the template again with each update, though it cannot change. */
export const validate = ({ spec }: ResourceClaimTemplate): FieldError[] => [
  ...templateErrors(spec.metadata ?? {}, 'spec.metadata'),
  ...validateClaimSpec(spec.spec, 'spec.spec'),
];

export const validateUpdate = (next: ResourceClaimTemplate, current: ResourceClaimTemplate): FieldError[] =>
  validateImmutableStruct(next.spec, current.spec, { field: 'spec', type: 'resource.ResourceClaimTemplateSpec' });

const unsettable = [
  ...(['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'] as const),
  ...(['deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'ownerReferences', 'finalizers', 'selfLink'] as const),
];

/** Claims get labels and annotations of their template, and nothing else. */
const templateErrors = (metadata: ObjectMeta, path: string): FieldError[] => [
  ...validateAnnotations(metadata.annotations, `${path}.annotations`),
  ...validateLabels(metadata.labels, `${path}.labels`),
  ...unsettable.flatMap((field) => (metadata[field] === undefined ? [] : [forbiddenField(`${path}.${field}`, 'cannot be set')])),
];
