/** The rules of the kind that only writes need; reads never load them. */
import type { FieldError } from '../../../kube/field-error.ts';
import { setMatchDefaults } from '../defaults.ts';
import { mutatedOperationErrors } from '../mutatingadmissionpolicy/rules.ts';
import { validateBindingSpec } from '../policy-validation.ts';
import type { MutatingAdmissionPolicyBinding } from '../../../kube/generated/types.ts';

export const setDefaults = ({ spec }: MutatingAdmissionPolicyBinding): void => setMatchDefaults(spec?.matchResources);
export const validate = ({ spec }: MutatingAdmissionPolicyBinding): FieldError[] => [
  ...validateBindingSpec(spec),
  ...mutatedOperationErrors(spec?.matchResources, 'spec.matchResources'),
];
