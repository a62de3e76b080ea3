/** Source: pkg/apis/apps/validation/validation.go, ValidateReplicaSetSpec. */
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import type { ReplicaSet, ReplicaSetStatus } from '../../../kube/generated/types.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { validateImmutableStruct } from '../../metadata-validation.ts';
import { validateCounts, validateOrder } from '../../status-rules.ts';
import { validateReplicaTemplate, validateWorkloadSelector } from '../../workload-validation.ts';

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  return [
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateWorkloadSelector(spec.selector, 'deployment'),
    ...validateReplicaTemplate(spec.template, spec.selector),
  ];
}

/** Also of a ReplicationController. Source: ValidateReplicaSetStatus. */
export function validateReplicaCounts(status: ReplicaSetStatus = { replicas: 0 }): FieldError[] {
  const { availableReplicas = 0, readyReplicas = 0 } = status;
  const counted = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;
  return [
    ...validateCounts(status, ['replicas', ...counted, 'observedGeneration', 'terminatingReplicas']),
    ...validateOrder(
      status,
      counted.map((field) => [field, 'replicas'] as const),
    ),
    ...(availableReplicas > readyReplicas
      ? [invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas')]
      : []),
  ];
}

export const validateReplicaSetStatus = ({ status }: ReplicaSet): FieldError[] => validateReplicaCounts(status);

export const validateReplicaSetUpdate = (next: ReplicaSet, current: ReplicaSet): FieldError[] =>
  validateImmutableStruct(next.spec.selector, current.spec.selector, { field: 'spec.selector', type: '*=LabelSelector' });
