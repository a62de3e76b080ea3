import type { MutatingAdmissionPolicy } from '../../../kube/generated/types.ts';
import { mutatingAdmissionPolicies } from '../../../kube/resource-type.ts';
import { loadPatterns } from '../../../kube/patterns.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { paramKindText } from '../table.ts';

export const mutatingAdmissionPolicyDefinition = definition<MutatingAdmissionPolicy>({
  type: mutatingAdmissionPolicies,
  schema: builtIn('io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy'),
  singular: 'mutatingadmissionpolicy',
  allowsBareFinalizers: true,
  categories: ['api-extensions'],
  hasGeneration: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    numberColumn('Mutations', 'How many mutations it makes.', ({ spec }) => (spec?.mutations ?? []).length),
    textColumn('ParamKind', 'The kind of its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
  rules: () => import('./rules.ts'),
  load: loadPatterns,
});
