/** Source: pkg/apis/resource/validation/validation.go, ValidateResourceClaimTemplate. */
import type { FieldError } from '../../../kube/field-error.ts';
import type { ResourceClaimTemplate } from '../../../kube/generated/types.ts';
import { validateImmutableStruct, validateTemplateMeta } from '../../metadata-validation.ts';
import { adminAccessOfTemplate } from '../admin-access.ts';
import { validateClaimSpec } from '../claim-validation.ts';
import { declaredOfClaim } from '../declared.ts';

export const commit = [adminAccessOfTemplate];
export const declared = declaredOfClaim('spec.spec');

/** Upstream checks the template again with each update, though it cannot change. */
export const validate = ({ spec }: ResourceClaimTemplate): FieldError[] => [
  ...validateTemplateMeta(spec.metadata ?? {}, 'spec.metadata'),
  ...validateClaimSpec(spec.spec, 'spec.spec'),
];

export const validateUpdate = (next: ResourceClaimTemplate, current: ResourceClaimTemplate): FieldError[] =>
  validateImmutableStruct(next.spec, current.spec, { field: 'spec', type: 'resource.ResourceClaimTemplateSpec' });
