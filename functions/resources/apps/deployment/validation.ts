/** Source: pkg/apis/apps/validation/validation.go, ValidateDeploymentSpec. */
import { type FieldError, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../../../kube/generated/types.ts';
import { isZeroAmount, validateAmount, validateAtMostAll } from '../../amount-rules.ts';
import { validateNonnegative, validateOneOf } from '../../field-rules.ts';
import { validateImmutableStruct } from '../../metadata-validation.ts';
import { validateCounts, validateNoDecrement, validateOrder } from '../../status-rules.ts';
import { validateReplicaTemplate, validateWorkloadSelector } from '../../workload-validation.ts';

export function validateDeployment({ spec }: Deployment): FieldError[] {
  return [
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateWorkloadSelector(spec.selector, 'deployment'),
    ...validateReplicaTemplate(spec.template, spec.selector),
    ...strategyErrors(spec.strategy ?? {}, 'spec.strategy'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...deadlineErrors(spec),
  ];
}

function deadlineErrors({ progressDeadlineSeconds: deadline, minReadySeconds = 0 }: DeploymentSpec): FieldError[] {
  const field = 'spec.progressDeadlineSeconds';
  if (deadline === undefined) return [];
  return deadline <= minReadySeconds
    ? [...validateNonnegative(deadline, field), invalid(field, deadline, 'must be greater than minReadySeconds')]
    : validateNonnegative(deadline, field);
}

function strategyErrors({ type, rollingUpdate }: DeploymentStrategy, path: string): FieldError[] {
  if (type === 'Recreate') {
    return rollingUpdate === undefined
      ? []
      : [forbiddenField(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== 'RollingUpdate') return validateOneOf(type, ['Recreate', 'RollingUpdate'], `${path}.type`);
  if (rollingUpdate === undefined) return [required(`${path}.rollingUpdate`, 'this should be defaulted and never be nil')];
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const field = `${path}.rollingUpdate`;
  const errors = [...validateAmount(maxUnavailable, `${field}.maxUnavailable`), ...validateAmount(maxSurge, `${field}.maxSurge`)];
  if (isZeroAmount(maxUnavailable) && isZeroAmount(maxSurge)) {
    errors.push(invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...validateAtMostAll(maxUnavailable, `${field}.maxUnavailable`)];
}

/** Source: ValidateDeploymentStatusUpdate. */
export function validateDeploymentStatusUpdate({ status = {} }: Deployment, current: Deployment): FieldError[] {
  const { availableReplicas = 0, readyReplicas = 0 } = status;
  const counted = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;
  return [
    ...validateCounts(status, [
      'observedGeneration',
      'replicas',
      ...counted,
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ]),
    ...validateOrder(
      status,
      counted.map((field) => [field, 'replicas'] as const),
    ),
    ...(availableReplicas > readyReplicas
      ? [invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas')]
      : []),
    ...validateNoDecrement(status, current.status, 'collisionCount'),
  ];
}

export const validateDeploymentUpdate = (next: Deployment, current: Deployment): FieldError[] =>
  validateImmutableStruct(next.spec.selector, current.spec.selector, { field: 'spec.selector', type: '*=LabelSelector' });
