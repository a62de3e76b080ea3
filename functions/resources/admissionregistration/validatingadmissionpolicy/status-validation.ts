/** Source: pkg/apis/admissionregistration/validation/validation.go, validateValidatingAdmissionPolicyStatus. */
import { type FieldError, required } from '../../../kube/field-error.ts';
import type { ValidatingAdmissionPolicy } from '../../../kube/generated/types.ts';
import { validateConditions } from '../../condition-rules.ts';

export function validatePolicyStatus({ status }: ValidatingAdmissionPolicy): FieldError[] {
  const { typeChecking, conditions = [] } = status ?? {};
  const warnings = (typeChecking?.expressionWarnings ?? []).flatMap(({ warning, fieldRef }, index) => {
    const path = `status.typeChecking.expressionWarnings[${index}]`;
    return [...(warning ? [] : [required(`${path}.warning`)]), ...(fieldRef?.trim() ? [] : [required(`${path}.fieldRef`)])];
  });
  return [...warnings, ...validateConditions(conditions, 'status.conditions')];
}
