/** Source: pkg/apis/autoscaling/validation/validation.go. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type {
  AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler,
  AutoscalingHorizontalPodAutoscalerSpec as Spec,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../../kube/generated/types.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { validateNonnegativeQuantity } from '../../quantity-rules.ts';
import { validateCounts } from '../../status-rules.ts';
import { validateMetric } from './metric-validation.ts';
import { validateReference } from './reference-validation.ts';

const periodSecondsMax = 1800;
const stabilizationSecondsMax = 3600;
const selectPolicies = ['Disabled', 'Max', 'Min'];
const policyTypes = ['Percent', 'Pods'];

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler, current?: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas, scaleTargetRef: target, behavior } = spec;
  const before = current?.spec.scaleTargetRef;
  const isKept = before !== undefined && before.apiVersion === target.apiVersion && before.kind === target.kind;
  const mayLackGroup = target.kind === 'ReplicationController';
  const metrics = spec.metrics ?? [];
  return [
    ...maxErrors(spec),
    ...validateReference(target, 'spec.scaleTargetRef', isKept ? 'any' : mayLackGroup ? 'core' : 'group'),
    ...metrics.flatMap((metric, index) => validateMetric(metric, `spec.metrics[${index}]`)),
    ...(minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')
      ? [forbiddenField('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas')]
      : []),
    ...rulesErrors(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...rulesErrors(behavior?.scaleDown, 'spec.behavior.scaleDown'),
    ...leastErrors(spec),
  ];
}

function maxErrors({ maxReplicas = 0, minReplicas }: Spec): FieldError[] {
  if (minReplicas === undefined || maxReplicas >= minReplicas) return [];
  return [invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')];
}

/** What upstream declares with the fields, and therefore reports last. */
function leastErrors({ maxReplicas = 0, minReplicas = 0 }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (minReplicas < 0) errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 0'));
  if (maxReplicas === 0) errors.push(required('spec.maxReplicas'));
  if (maxReplicas < 0) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'));
  return errors;
}

function rulesErrors(rules: HPAScalingRules | undefined, path: string): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: seconds = 0, selectPolicy, policies = [], tolerance } = rules;
  const field = `${path}.stabilizationWindowSeconds`;
  return [
    ...(seconds < 0 ? [invalid(field, seconds, 'must be greater than or equal to zero')] : []),
    ...(seconds > stabilizationSecondsMax ? [invalid(field, seconds, `must be less than or equal to ${stabilizationSecondsMax}`)] : []),
    ...(selectPolicy === undefined || selectPolicies.includes(selectPolicy)
      ? []
      : [notSupported(`${path}.selectPolicy`, selectPolicy, selectPolicies)]),
    ...(policies.length === 0 ? [required(`${path}.policies`, 'must specify at least one Policy')] : []),
    ...policies.flatMap((policy, index) => policyErrors(policy, `${path}.policies[${index}]`)),
    ...(tolerance === undefined ? [] : validateNonnegativeQuantity(tolerance, `${path}.tolerance`)),
  ];
}

function policyErrors({ type, value = 0, periodSeconds = 0 }: HPAScalingPolicy, path: string): FieldError[] {
  const field = `${path}.periodSeconds`;
  return [
    ...(policyTypes.includes(type) ? [] : [notSupported(`${path}.type`, type, policyTypes)]),
    ...(value > 0 ? [] : [invalid(`${path}.value`, value, 'must be greater than zero')]),
    ...(periodSeconds > 0 ? [] : [invalid(field, periodSeconds, 'must be greater than zero')]),
    ...(periodSeconds > periodSecondsMax ? [invalid(field, periodSeconds, `must be less than or equal to ${periodSecondsMax}`)] : []),
  ];
}

export const validateAutoscalerStatusUpdate = ({ status }: HorizontalPodAutoscaler): FieldError[] => [
  ...(status?.conditions ?? []).flatMap(({ observedGeneration }, index) =>
    validateNonnegative(observedGeneration, `status.conditions[${index}].observedGeneration`),
  ),
  ...validateCounts(status, ['currentReplicas', 'desiredReplicas']),
];
