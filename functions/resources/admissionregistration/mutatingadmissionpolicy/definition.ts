import { required } from '../../../kube/field-error.ts';
import type { MutatingAdmissionPolicy } from '../../../kube/generated/types.ts';
import { mutatingAdmissionPolicies } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setMatchDefaults } from '../defaults.ts';
import { paramKindText } from '../table.ts';
import { validateConstraints, validateFailurePolicy, validateParamKind } from '../policy-validation.ts';
import { validateMatchConditions } from '../rule-validation.ts';
import { variablesErrors } from '../validatingadmissionpolicy/validation.ts';

export const mutatingAdmissionPolicyDefinition = definition<MutatingAdmissionPolicy>({
  type: mutatingAdmissionPolicies,
  schema: builtIn('io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy'),
  singular: 'mutatingadmissionpolicy',
  categories: ['api-extensions'],
  hasController: false,
  hasGeneration: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    numberColumn('Mutations', 'How many mutations it makes.', ({ spec }) => (spec?.mutations ?? []).length),
    textColumn('ParamKind', 'The kind of its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
  setDefaults({ spec }) {
    if (spec === undefined) return;
    spec.failurePolicy ??= 'Fail';
    setMatchDefaults(spec.matchConstraints);
  },
  /** Expressions are not compiled yet. */
  validate: ({ spec }) => [
    ...validateFailurePolicy(spec.failurePolicy),
    ...(spec.paramKind === undefined ? [] : validateParamKind(spec.paramKind)),
    ...validateConstraints(spec.matchConstraints),
    ...validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions'),
    ...variablesErrors(spec.variables ?? []),
    ...((spec.mutations ?? []).length === 0 ? [required('spec.mutations', 'mutations must contain at least one item')] : []),
  ],
});
