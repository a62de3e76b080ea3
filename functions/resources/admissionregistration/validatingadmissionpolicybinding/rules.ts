/** The rules of the kind that only writes need; reads never load them. */
import { type FieldError, required } from '../../../kube/field-error.ts';
import { withDeclared } from '../../field-rules.ts';
import { setMatchDefaults } from '../defaults.ts';
import { validateActions, validateBindingSpec } from '../policy-validation.ts';
import type { ValidatingAdmissionPolicyBinding } from '../../../kube/generated/types.ts';

export const setDefaults = ({ spec }: ValidatingAdmissionPolicyBinding): void => setMatchDefaults(spec?.matchResources);
export const validate = ({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] =>
  withDeclared(
    [...validateBindingSpec(spec), ...validateActions(spec.validationActions ?? [])],
    [
      ...(spec.policyName ? [] : [required('spec.policyName')]),
      ...(spec.validationActions?.length ? [] : [required('spec.validationActions')]),
    ],
  );
