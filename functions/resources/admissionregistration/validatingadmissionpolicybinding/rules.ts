/** What only writes need of the kind. */
import type { FieldError } from '../../../kube/field-error.ts';
import { setMatchDefaults } from '../defaults.ts';
import { validateActions, validateBindingSpec } from '../policy-validation.ts';
import type { ValidatingAdmissionPolicyBinding } from '../../../kube/generated/types.ts';

export const setDefaults = ({ spec }: ValidatingAdmissionPolicyBinding): void => setMatchDefaults(spec?.matchResources);
export const validate = ({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] => [
  ...validateBindingSpec(spec),
  ...validateActions(spec.validationActions ?? []),
];
