/** Source: pkg/apis/apps/validation/validation.go, ValidateDaemonSetSpec. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { DaemonSet, DaemonSetUpdateStrategy } from '../../../kube/generated/types.ts';
import { labelSelectorForm } from '../../../kube/go-internal.ts';
import { isZeroAmount, validateAmount, validateAtMostAll } from '../../amount-rules.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { validateImmutableStruct } from '../../metadata-validation.ts';
import { validateCounts, validateNoDecrement } from '../../status-rules.ts';
import { isEmptySelector, selectorMismatch, selects, validatePodTemplate } from '../../workload-validation.ts';

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  const { template, minReadySeconds, revisionHistoryLimit } = spec;
  const selector = spec.selector ?? undefined;
  const labels = template.metadata?.labels;
  const errors = selector === undefined ? [] : validateLabelSelector(selector, 'spec.selector');
  if (selects(selector, labels) === false) {
    errors.push(selectorMismatch(labels));
  }
  if (selector !== undefined && isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', labelSelectorForm(selector), 'empty selector is invalid for daemonset'));
  }
  errors.push(...validatePodTemplate(template, 'spec.template'));
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec;
  if (restartPolicy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in DaemonSet is not Supported'));
  }
  return [
    ...errors,
    ...validateNonnegative(minReadySeconds, 'spec.minReadySeconds'),
    ...strategyErrors(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...validateNonnegative(revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ];
}

function strategyErrors({ type = '', rollingUpdate }: DaemonSetUpdateStrategy, path: string): FieldError[] {
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') {
    const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
    const form = rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge };
    return [notSupported(path, { Type: type, RollingUpdate: form }, ['RollingUpdate', 'OnDelete'])];
  }
  if (rollingUpdate === undefined) return [required(`${path}.rollingUpdate`)];
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const [unavailableField, surgeField] = [`${path}.rollingUpdate.maxUnavailable`, `${path}.rollingUpdate.maxSurge`];
  const errors = [
    ...validateAmount(maxUnavailable, unavailableField),
    ...validateAmount(maxSurge, surgeField),
    ...validateAtMostAll(maxUnavailable, unavailableField),
    ...validateAtMostAll(maxSurge, surgeField),
  ];
  const [hasUnavailable, hasSurge] = [!isZeroAmount(maxUnavailable), !isZeroAmount(maxSurge)];
  if (hasUnavailable && hasSurge) errors.push(invalid(surgeField, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  if (!hasUnavailable && !hasSurge) errors.push(required(unavailableField, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

export const validateDaemonSetUpdate = (next: DaemonSet, current: DaemonSet): FieldError[] =>
  validateImmutableStruct(next.spec.selector, current.spec.selector, { field: 'spec.selector', type: '*=LabelSelector' });

const counts = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const;

export const validateDaemonSetStatusUpdate = ({ status }: DaemonSet, current: DaemonSet): FieldError[] => [
  ...validateCounts(status, counts),
  ...validateNoDecrement(status, current.status, 'collisionCount'),
];
