import type { ValidatingAdmissionPolicy } from '../../../kube/generated/types.ts';
import { validatingAdmissionPolicies } from '../../../kube/resource-type.ts';
import { loadPatterns } from '../../../kube/patterns.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setMatchDefaults } from '../defaults.ts';
import { paramKindText } from '../table.ts';

export const validatingAdmissionPolicyDefinition = definition<ValidatingAdmissionPolicy>({
  type: validatingAdmissionPolicies,
  schema: builtIn('io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy'),
  singular: 'validatingadmissionpolicy',
  allowsBareFinalizers: true,
  categories: ['api-extensions'],
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  hasGeneration: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    numberColumn('Validations', 'How many rules it has.', ({ spec }) => (spec?.validations ?? []).length),
    textColumn('ParamKind', 'The kind of its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
  setDefaults({ spec }) {
    if (spec === undefined) return;
    spec.failurePolicy ??= 'Fail';
    setMatchDefaults(spec.matchConstraints);
  },
  rules: () => import('./rules.ts'),
  load: loadPatterns,
});
