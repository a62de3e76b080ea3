/** Source: pkg/apis/core/validation/validation.go, ValidateNamespace and what follows it. */
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import type { Namespace } from '../../../kube/generated/types.ts';
import { isTerminating } from '../../../kube/object.ts';
import { validateFinalizers } from '../../metadata-validation.ts';

export const validateNamespace = ({ spec }: Namespace): FieldError[] => validateFinalizers(spec?.finalizers ?? [], 'spec.finalizers');

/** The phase is Terminating exactly while a deletion is under way. */
export function validateNamespaceStatusUpdate(next: Namespace): FieldError[] {
  const phase = next.status?.phase ?? '';
  if (isTerminating(next)) {
    return phase === 'Terminating' ? [] : [invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
  }
  return phase === 'Active' ? [] : [invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")];
}
