/** Source: pkg/apis/apps/validation/validation.go, ValidateReplicaSetSpec. */
import type { FieldError } from '../../../kube/field-error.ts';
import type { ReplicaSet } from '../../../kube/generated/types.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { validateReplicaTemplate, validateWorkloadSelector } from '../../workload-validation.ts';

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  return [
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateWorkloadSelector(spec.selector, 'deployment'),
    ...validateReplicaTemplate(spec.template, spec.selector),
  ];
}

export const validateReplicaSetUpdate = (next: ReplicaSet, current: ReplicaSet): FieldError[] =>
  validateImmutable(next.spec.selector, current.spec.selector, 'spec.selector');
