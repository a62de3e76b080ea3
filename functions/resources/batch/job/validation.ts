/** Source: pkg/apis/batch/validation/validation.go, ValidateJobSpec. */
import { copy } from '../../../kube/copy.ts';
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { Job, JobSpec, PodTemplateSpec } from '../../../kube/generated/types.ts';
import { labelSelectorForm } from '../../../kube/go-internal.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { validateImmutable, validateImmutableStruct } from '../../metadata-validation.ts';
import { selectorMismatch, selects } from '../../workload-validation.ts';
import { mayChangeTemplate } from './suspension.ts';
import { validateJobSpecFields } from './spec-validation.ts';
import { jobLabels } from './strategy.ts';

export const validateJob = (job: Job, current?: Job): FieldError[] => [
  ...(current === undefined ? generatedSelectorErrors(job) : []),
  ...validateJobSpecFields(job.spec, 'spec'),
  ...selectorErrors(job.spec),
  ...(current === undefined ? nameErrors(job) : []),
];

function selectorErrors({ selector, template }: JobSpec): FieldError[] {
  const errors = selector === undefined ? [required('spec.selector')] : validateLabelSelector(selector, 'spec.selector');
  const labels = template.metadata?.labels;
  if (selects(selector, labels) !== false) return errors;
  return [...errors, selectorMismatch(labels)];
}

/** What the server generates is what its author may have written, and nothing else. */
function generatedSelectorErrors({ metadata, spec }: Job): FieldError[] {
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { name = '', uid = '' } = metadata;
  const expected = { [jobLabels.legacyUid]: uid, [jobLabels.legacyName]: name, [jobLabels.uid]: uid, [jobLabels.name]: name };
  const labels = spec.template.metadata?.labels ?? {};
  const errors = Object.entries(expected).flatMap(([key, value]) => labelErrors(labels, key, value));
  if (selects(spec.selector, expected) === false)
    errors.push(invalid('spec.selector', labelSelectorForm(spec.selector), '`selector` not auto-generated'));
  return errors;
}

/** Source: ValidateHasLabel. */
function labelErrors(labels: Readonly<Record<string, string>>, key: string, expected: string): FieldError[] {
  const field = 'spec.template.metadata.labels';
  const actual = labels[key];
  if (actual === undefined) return [required(`${field}[${key}]`, `must be '${expected}'`)];
  return actual === expected ? [] : [invalid(`${field}[${key}]`, labels, `must be '${expected}'`)];
}

/** Each pod of an indexed job is called by its index. */
function nameErrors({ metadata: { name = '' }, spec }: Job): FieldError[] {
  if (spec.completionMode !== 'Indexed' || (spec.completions ?? 0) <= 0) return [];
  const longest = `${name}-${(spec.completions ?? 0) - 1}`;
  if (dnsLabelErrors(longest).length === 0) return [];
  return [invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`)];
}

const immutable = [
  ['completionMode', '*string'],
  ['podFailurePolicy', '*batch.PodFailurePolicy'],
  ['backoffLimitPerIndex', '*number'],
  ['managedBy', '*string'],
  ['successPolicy', '*batch.SuccessPolicy'],
] as const;

export const validateJobUpdate = (next: Job, current: Job): FieldError[] => [
  ...completionsErrors(next.spec, current.spec),
  ...validateImmutableStruct(next.spec.selector, current.spec.selector, { field: 'spec.selector', type: '*=LabelSelector' }),
  ...templateErrors(next, current),
  ...immutable.flatMap(([field, type]) => validateImmutableStruct(next.spec[field], current.spec[field], { field: `spec.${field}`, type })),
  ...nameErrors(next),
];

function completionsErrors(next: JobSpec, current: JobSpec): FieldError[] {
  if (next.completionMode !== 'Indexed')
    return validateImmutable(next.completions ?? null, current.completions ?? null, 'spec.completions');
  const isKept = next.completions === current.completions || next.completions === undefined || next.completions === next.parallelism;
  return isKept ? [] : [invalid('spec.completions', next.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** A job that is suspended and runs nothing may be sent elsewhere, and get other resources. */
function templateErrors(next: Job, current: Job): FieldError[] {
  const before = copy(current.spec.template);
  const after = next.spec.template;
  if (mayChangeTemplate(current)) takeScheduling(before, after);
  if (current.spec.suspend !== true || !mayChangeTemplate(current))
    return validateImmutableStruct(after, before, { field: 'spec.template', type: 'core.PodTemplateSpec' });
  for (const list of ['containers', 'initContainers'] as const) {
    const [old, now] = [before.spec[list] ?? [], after.spec[list] ?? []];
    if (old.length !== now.length) continue;
    old.forEach((container, index) => {
      const resources = now[index]?.resources;
      if (container.name === now[index]?.name && resources !== undefined) container.resources = resources;
    });
  }
  return validateImmutableStruct(after.spec, before.spec, { field: 'spec.template.spec', type: 'core.PodSpec' });
}

function takeScheduling(target: PodTemplateSpec, source: PodTemplateSpec): void {
  const { nodeSelector, tolerations, schedulingGates, affinity } = source.spec;
  const { nodeAffinity: _old, ...kept } = target.spec.affinity ?? {};
  const nodeAffinity = affinity?.nodeAffinity;
  const merged = { ...kept, ...(nodeAffinity === undefined ? {} : { nodeAffinity }) };
  const isEmpty = Object.keys(merged).length === 0 && affinity === undefined;
  Object.assign(target.spec, { nodeSelector, tolerations, schedulingGates, affinity: isEmpty ? undefined : merged });
  const { labels, annotations } = source.metadata ?? {};
  target.metadata = { ...target.metadata, labels, annotations } as NonNullable<PodTemplateSpec['metadata']>;
}
