/** Source: pkg/apis/policy/validation/validation.go. */
import { type FieldError, invalid, notSupported } from '../../../kube/field-error.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../../../kube/generated/types.ts';
import { validateAmount, validateAtMostAll } from '../../amount-rules.ts';
import { validateConditions } from '../../condition-rules.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { validateCounts } from '../../status-rules.ts';

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

export function validatePodDisruptionBudget({ spec }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(invalid('spec', internalForm(spec), 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    const amount = spec[field];
    if (amount !== undefined) errors.push(...validateAmount(amount, `spec.${field}`), ...validateAtMostAll(amount, `spec.${field}`));
  }
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, 'spec.selector'));
  if (policy !== undefined && !evictionPolicies.includes(policy)) {
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, evictionPolicies));
  }
  return errors;
}

/** The budget's spec as Go prints its own type. */
const internalForm = ({ minAvailable, selector, maxUnavailable, unhealthyPodEvictionPolicy }: PodDisruptionBudgetSpec): object => ({
  MinAvailable: minAvailable ?? null,
  Selector: selector ?? null,
  MaxUnavailable: maxUnavailable ?? null,
  UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
});

const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

export const validatePodDisruptionBudgetStatusUpdate = ({ status }: PodDisruptionBudget): FieldError[] => [
  ...validateConditions(status?.conditions ?? [], 'status.conditions'),
  ...validateCounts(status, counts),
];
