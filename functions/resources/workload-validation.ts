/**
 * What kinds that make pods from a template have in common: selectors and templates.
 * Source: apimachinery, pkg/apis/meta/v1/validation/validation.go; pkg/apis/apps/validation/validation.go.
 */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../kube/field-error.ts';
import type { LabelSelector, PodTemplateSpec } from '../kube/generated/types.ts';
import { labelSelectorForm } from '../kube/go-internal.ts';
import { matchesLabels, requirementsOf } from '../kube/labels.ts';
import { validateAnnotatedProfiles, validateProfileAnnotations } from './core/pod/annotated-profiles.ts';
import { validatePodSpec } from './core/pod/validation.ts';
import { validateLabelSelector } from './label-selector-validation.ts';
import { validateAnnotations, validateLabels } from './metadata-validation.ts';

export const isEmptySelector = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions ?? []).length === 0;

/** A selector that is there, means something and is understood. */
export function validateWorkloadSelector(selector: LabelSelector | undefined, kindText: string): FieldError[] {
  if (selector === undefined) return [required('spec.selector')];
  const errors = validateLabelSelector(selector, 'spec.selector');
  if (!isEmptySelector(selector)) return errors;
  return [...errors, invalid('spec.selector', labelSelectorForm(selector), `empty selector is invalid for ${kindText}`)];
}

/** Whether the selector finds these labels; undefined where the selector itself is wrong. */
export function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>> | undefined): boolean | undefined {
  if (selector !== undefined && validateLabelSelector(selector, '').length > 0) return undefined;
  return matchesLabels(requirementsOf(selector), labels);
}

/** Whatever its labels look like. */
const finds = (selector: LabelSelector | undefined, labels: Readonly<Record<string, string>> | undefined): boolean =>
  selector !== undefined && matchesLabels(requirementsOf(selector), labels);

/** The pods of the template are ones that the selector finds, and that may run for good. */
/** The labels are shown as Go prints a map: sorted. */
export function selectorMismatch(labels: Readonly<Record<string, string>> | undefined): FieldError {
  const shown = labels === undefined ? null : Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return invalid('spec.template.metadata.labels', shown, '`selector` does not match template `labels`');
}

export function validateReplicaTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  kindText: 'ReplicaSet' | 'ReplicationController' = 'ReplicaSet',
): FieldError[] {
  const path = 'spec.template';
  if (template === undefined) return [required(path)];
  const errors: FieldError[] = [];
  const labels = template.metadata?.labels;
  if (kindText === 'ReplicaSet' && validateLabelSelector(selector ?? {}, '').length > 0) {
    return [invalid('spec.selector', labelSelectorForm(selector), 'invalid label selector')];
  }
  // One that is missing finds nothing, and an empty one everything.
  const isEmpty = selector !== undefined && isEmptySelector(selector);
  if (!isEmpty && !finds(selector, labels)) errors.push(selectorMismatch(labels));
  errors.push(...validatePodTemplate(template, path));
  const { restartPolicy, activeDeadlineSeconds } = template.spec;
  if (restartPolicy && restartPolicy !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kindText} is not Supported`));
  }
  return errors;
}

/** Source: pkg/apis/core/validation/validation.go, ValidatePodTemplateSpec. */
export function validatePodTemplate({ metadata, spec }: PodTemplateSpec, path: string): FieldError[] {
  const errors = [
    ...validateLabels(metadata?.labels, `${path}.labels`),
    ...validateAnnotations(metadata?.annotations, `${path}.annotations`),
    ...validateProfileAnnotations({ metadata, spec }, `${path}.annotations`),
    ...validatePodSpec(spec, `${path}.spec`),
    ...validateAnnotatedProfiles({ metadata, spec }, `${path}.spec`),
  ];
  if (spec.ephemeralContainers?.length) {
    errors.push(forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
  return errors;
}
