/** The fields that jobs and templates of jobs share. Source: pkg/apis/batch/validation/validation.go, validateJobSpec. */
import { type FieldError, invalid, notSupported, required, tooLong } from '../../../kube/field-error.ts';
import type { JobSpec } from '../../../kube/generated/types.ts';
import { validateDomainPrefixedPath, validateNonnegative } from '../../field-rules.ts';
import { validatePodTemplate } from '../../workload-validation.ts';
import { validateFailurePolicy } from './failure-policy-validation.ts';
import { validateSuccessPolicy } from './success-policy-validation.ts';

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;
const managedByBytesMax = 63;
const indexedMax = 100_000;
const manyIndexesMax = 10_000;

export function validateJobSpecFields(spec: JobSpec, path: string): FieldError[] {
  const { managedBy, podFailurePolicy, successPolicy, completionMode } = spec;
  const errors = counts.flatMap((field) => validateNonnegative(spec[field], `${path}.${field}`));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (managedBy !== undefined) {
    errors.push(...validateDomainPrefixedPath(managedBy, `${path}.managedBy`));
    if (Buffer.byteLength(managedBy) > managedByBytesMax) errors.push(tooLong(`${path}.managedBy`, managedByBytesMax));
  }
  errors.push(...modeErrors(spec, path));
  if (podFailurePolicy !== undefined) errors.push(...validateFailurePolicy(spec, `${path}.podFailurePolicy`));
  if (successPolicy !== undefined) {
    const field = `${path}.successPolicy`;
    const form = {
      Rules: (successPolicy.rules ?? []).map((rule) => ({
        SucceededIndexes: rule.succeededIndexes ?? null,
        SucceededCount: rule.succeededCount ?? null,
      })),
    };
    errors.push(
      ...(completionMode === 'Indexed' ? validateSuccessPolicy(spec, field) : [invalid(field, form, 'requires indexed completion mode')]),
    );
  }
  return [
    ...errors,
    ...replacementErrors(spec, `${path}.podReplacementPolicy`),
    ...validatePodTemplate(spec.template, `${path}.template`),
    ...restartErrors(spec, `${path}.template.spec.restartPolicy`),
  ];
}

function modeErrors(spec: JobSpec, path: string): FieldError[] {
  const { completionMode: mode, backoffLimitPerIndex: backoff, maxFailedIndexes: maxFailed } = spec;
  if (mode === 'Indexed') return indexedErrors(spec, path);
  const errors: FieldError[] = [];
  if (mode !== undefined && mode !== 'NonIndexed') errors.push(notSupported(`${path}.completionMode`, mode, ['NonIndexed', 'Indexed']));
  if (errors.length > 0) return errors;
  if (backoff !== undefined) errors.push(invalid(`${path}.backoffLimitPerIndex`, backoff, 'requires indexed completion mode'));
  if (maxFailed !== undefined) errors.push(invalid(`${path}.maxFailedIndexes`, maxFailed, 'requires indexed completion mode'));
  return errors;
}

function indexedErrors(
  { completions, parallelism = 0, maxFailedIndexes: maxFailed, backoffLimitPerIndex }: JobSpec,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const many = `when completions are above ${indexedMax} and used with backoff limit per index`;
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  if (parallelism > indexedMax) {
    errors.push(invalid(`${path}.parallelism`, parallelism, `must be less than or equal to ${indexedMax} when completion mode is Indexed`));
  }
  if (completions !== undefined && maxFailed !== undefined && maxFailed > completions) {
    errors.push(invalid(`${path}.maxFailedIndexes`, maxFailed, 'must be less than or equal to completions'));
  }
  if (maxFailed !== undefined && maxFailed > indexedMax) {
    errors.push(invalid(`${path}.maxFailedIndexes`, maxFailed, `must be less than or equal to ${indexedMax}`));
  }
  if ((completions ?? 0) <= indexedMax || backoffLimitPerIndex === undefined) return errors;
  if (maxFailed === undefined)
    errors.push(required(`${path}.maxFailedIndexes`, `must be specified when completions is above ${indexedMax}`));
  if (parallelism > manyIndexesMax) {
    errors.push(invalid(`${path}.parallelism`, parallelism, `must be less than or equal to ${manyIndexesMax} ${many}`));
  }
  if (maxFailed !== undefined && maxFailed > manyIndexesMax) {
    errors.push(invalid(`${path}.maxFailedIndexes`, maxFailed, `must be less than or equal to ${manyIndexesMax} ${many}`));
  }
  return errors;
}

function replacementErrors({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  if (policy === undefined) return [];
  const supported = podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return supported.includes(policy) ? [] : [notSupported(field, policy, supported)];
}

function restartErrors({ template, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  const policy = template.spec.restartPolicy || 'Always';
  if (policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(field, policy, ['OnFailure', 'Never'])];
  if (podFailurePolicy === undefined || policy === 'Never') return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}
