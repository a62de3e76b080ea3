/** Source: pkg/apis/apps/validation/validation.go, ValidateDeploymentSpec. */
import { type FieldError, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../../../kube/generated/types.ts';
import { validateNonnegative, validateOneOf } from '../../field-rules.ts';
import { validateImmutable } from '../../metadata-validation.ts';
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
  const errors = [...amountErrors(maxUnavailable, `${field}.maxUnavailable`), ...amountErrors(maxSurge, `${field}.maxSurge`)];
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...atMostAllErrors(maxUnavailable, `${field}.maxUnavailable`)];
}

const percentOf = (value: number | string): number | undefined =>
  typeof value === 'string' && /^\d+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;

const isZero = (value: number | string): boolean => value === 0 || percentOf(value) === 0;

function amountErrors(value: number | string, field: string): FieldError[] {
  if (typeof value === 'number') return validateNonnegative(value, field);
  if (percentOf(value) !== undefined) return [];
  const why =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  return [invalid(field, value, why)];
}

const atMostAllErrors = (value: number | string, field: string): FieldError[] =>
  (percentOf(value) ?? 0) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];

export const validateDeploymentUpdate = (next: Deployment, current: Deployment): FieldError[] =>
  validateImmutable(next.spec.selector, current.spec.selector, 'spec.selector');
