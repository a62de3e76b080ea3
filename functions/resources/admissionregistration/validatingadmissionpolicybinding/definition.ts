import type { ValidatingAdmissionPolicyBinding } from '../../../kube/generated/types.ts';
import { validatingAdmissionPolicyBindings } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { paramRefText } from '../table.ts';

export const validatingAdmissionPolicyBindingDefinition = definition<ValidatingAdmissionPolicyBinding>({
  type: validatingAdmissionPolicyBindings,
  schema: builtIn('io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding'),
  singular: 'validatingadmissionpolicybinding',
  allowsBareFinalizers: true,
  categories: ['api-extensions'],
  hasGeneration: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    textColumn('PolicyName', 'The policy that it puts into effect.', ({ spec }) => spec?.policyName ?? ''),
    textColumn('ParamRef', 'The parameters of the policy.', ({ spec }) => paramRefText(spec?.paramRef)),
    ageColumn,
  ],
  rules: () => import('./rules.ts'),
});
