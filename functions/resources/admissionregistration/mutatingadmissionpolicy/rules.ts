/** What only writes need of the kind. */
import { type FieldError, required } from '../../../kube/field-error.ts';
import { setMatchDefaults } from '../defaults.ts';
import { validateConstraints, validateFailurePolicy, validateParamKind } from '../policy-validation.ts';
import { validateMatchConditions } from '../rule-validation.ts';
import { variablesErrors } from '../validatingadmissionpolicy/validation.ts';
import type { MutatingAdmissionPolicy } from '../../../kube/generated/types.ts';

export function setDefaults({ spec }: MutatingAdmissionPolicy): void {
  if (spec === undefined) return;
  spec.failurePolicy ??= 'Fail';
  setMatchDefaults(spec.matchConstraints);
}

/** Expressions are not compiled yet. */
export const validate = ({ spec }: MutatingAdmissionPolicy): FieldError[] => [
  ...validateFailurePolicy(spec.failurePolicy),
  ...(spec.paramKind === undefined ? [] : validateParamKind(spec.paramKind)),
  ...validateConstraints(spec.matchConstraints),
  ...validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions'),
  ...variablesErrors(spec.variables ?? []),
  ...((spec.mutations ?? []).length === 0 ? [required('spec.mutations', 'mutations must contain at least one item')] : []),
];
