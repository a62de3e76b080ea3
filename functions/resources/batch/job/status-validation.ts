/**
 * A status holds nothing that cannot be, and takes back nothing that is final. What was wrong before and stays is let be.
 * Source: pkg/apis/batch/validation/validation.go, ValidateJobStatusUpdate; pkg/registry/batch/job/strategy.go.
 */
import { conditionOf } from '../../../kube/conditions.ts';
import { semanticallyEqual } from '../../../kube/equality.ts';
import { duplicate, type FieldError, invalid, invalidWithoutValue, required } from '../../../kube/field-error.ts';
import type { Job, JobStatus } from '../../../kube/generated/types.ts';
import { parseTime } from '../../../kube/time.ts';
import { validateCounts } from '../../status-rules.ts';
import { overlapOf, parseIndexes } from './indexes.ts';

const has = ({ status }: Job, type: string): boolean => conditionOf(status?.conditions, type)?.status === 'True';
const isFinished = (job: Job): boolean => has(job, 'Complete') || has(job, 'Failed');

const wrongConditions = (why: string): FieldError => invalidWithoutValue('status.conditions', why);

export function validateJobStatusUpdate(next: Job, current: Job): FieldError[] {
  return [
    ...validateCounts(next.status, ['active', 'succeeded', 'failed', 'ready', 'terminating']),
    ...uncountedErrors(next.status ?? {}),
    ...timeErrors(next, current),
    ...endErrors(next, current),
    ...indexErrors(next, current),
    ...podErrors(next, current),
    ...criteriaErrors(next),
    ...finalErrors(next, current),
  ];
}

function uncountedErrors({ uncountedTerminatedPods: pods }: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (pods?.[list] ?? []).flatMap((uid, index) => {
      const field = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

const changed =
  (next: Job, current: Job) =>
  (type: string): boolean =>
    has(next, type) !== has(current, type);

const differs = (next: Job, current: Job, ...fields: readonly (keyof JobStatus)[]): boolean =>
  fields.some((field) => !semanticallyEqual(next.status?.[field], current.status?.[field]));

function timeErrors(next: Job, current: Job): FieldError[] {
  const hasChanged = changed(next, current);
  const { startTime, completionTime } = next.status ?? {};
  const field = 'status.completionTime';
  const errors: FieldError[] = [];
  if ((hasChanged('Complete') || hasChanged('Failed')) && has(next, 'Complete') && has(next, 'Failed')) {
    errors.push(wrongConditions('cannot set Complete=True and Failed=true conditions'));
  }
  if ((hasChanged('Complete') || hasChanged('FailureTarget')) && has(next, 'Complete') && has(next, 'FailureTarget')) {
    errors.push(wrongConditions('cannot set Complete=True and FailureTarget=true conditions'));
  }
  if (hasChanged('Complete') || differs(next, current, 'completionTime')) {
    if (completionTime && !has(next, 'Complete')) {
      errors.push(invalid(field, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
    }
    if (!completionTime && has(next, 'Complete')) errors.push(required(field, 'completionTime is required for Complete jobs'));
  }
  const isEarly = startTime && completionTime && parseTime(completionTime) < parseTime(startTime);
  if (differs(next, current, 'startTime', 'completionTime') && isEarly) {
    errors.push(invalid(field, completionTime, 'must be equal to or after `startTime`'));
  }
  return errors;
}

function endErrors(next: Job, current: Job): FieldError[] {
  const hasChanged = changed(next, current);
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = next.status ?? {};
  const hasEnded = isFinished(next);
  const isEndNew = hasEnded !== isFinished(current);
  const errors: FieldError[] = [];
  if ((hasChanged('Failed') || differs(next, current, 'failedIndexes')) && has(next, 'Failed') && !has(next, 'FailureTarget')) {
    errors.push(wrongConditions('cannot set Failed=True condition without the FailureTarget=true condition'));
  }
  if ((hasChanged('Complete') || hasChanged('SuccessCriteriaMet')) && has(next, 'Complete') && !has(next, 'SuccessCriteriaMet')) {
    errors.push(wrongConditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'));
  }
  if (!hasEnded) return errors;
  if ((isEndNew || differs(next, current, 'active')) && active > 0) {
    errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  }
  const isEmpty = next.spec.suspend === true && next.spec.completions === 0;
  if ((isEndNew || differs(next, current, 'startTime')) && !isEmpty && !startTime) {
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  }
  const left = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if ((isEndNew || differs(next, current, 'uncountedTerminatedPods')) && left > 0) {
    const form = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
    errors.push(invalid('status.uncountedTerminatedPods', form, 'must be empty for finished job'));
  }
  return errors;
}

function indexErrors(next: Job, current: Job): FieldError[] {
  const { completions, backoffLimitPerIndex, completionMode } = next.spec;
  const { completedIndexes = '', failedIndexes } = next.status ?? {};
  const isCompletedNew = differs(next, current, 'completedIndexes');
  const isFailedNew = differs(next, current, 'failedIndexes');
  const completed = parseIndexes(completedIndexes, completions ?? 0);
  const failed = parseIndexes(failedIndexes ?? '', completions ?? 0);
  const errors: FieldError[] = [];
  if (isCompletedNew && completions !== undefined && typeof completed === 'string') {
    errors.push(invalid('status.completedIndexes', completedIndexes, `error parsing completedIndexes: ${completed}`));
  }
  if (isFailedNew && completions !== undefined && backoffLimitPerIndex !== undefined && typeof failed === 'string') {
    errors.push(invalid('status.failedIndexes', failedIndexes, `error parsing failedIndexes: ${failed}`));
  }
  if (isCompletedNew && completedIndexes !== '' && completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid('status.completedIndexes', completedIndexes, why));
  }
  if (isFailedNew && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    errors.push(invalid('status.failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  }
  if ((isFailedNew || isCompletedNew) && completions !== undefined && typeof completed !== 'string' && typeof failed !== 'string') {
    const overlap = overlapOf(completed, failed);
    if (overlap !== undefined) {
      errors.push(invalid('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${overlap}`));
    }
  }
  return errors;
}

function podErrors(next: Job, current: Job): FieldError[] {
  const { terminating = 0, ready = 0, active = 0 } = next.status ?? {};
  const errors: FieldError[] = [];
  const isEndNew = isFinished(next) !== isFinished(current);
  if ((isEndNew || differs(next, current, 'terminating')) && terminating > 0 && isFinished(next)) {
    errors.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  if (differs(next, current, 'ready', 'active') && ready > active) {
    errors.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function criteriaErrors(next: Job): FieldError[] {
  const errors: FieldError[] = [];
  const isMet = has(next, 'SuccessCriteriaMet');
  if (isMet && has(next, 'Failed')) errors.push(wrongConditions('cannot set SuccessCriteriaMet=True and Failed=true conditions'));
  if (isMet && has(next, 'FailureTarget'))
    errors.push(wrongConditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'));
  if (next.spec.successPolicy !== undefined && !isMet && has(next, 'Complete')) {
    errors.push(wrongConditions('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'));
  }
  return errors;
}

/** Errors of a status that takes back what is final. */
function finalErrors(next: Job, current: Job): FieldError[] {
  const [after, before] = [next.status ?? {}, current.status ?? {}];
  const errors = ['Failed', 'Complete', 'FailureTarget']
    .filter((type) => has(current, type) && !has(next, type))
    .map((type) => wrongConditions(`cannot disable the terminal ${type}=True condition`));
  if ((after.failed ?? 0) < (before.failed ?? 0))
    errors.push(invalid('status.failed', after.failed ?? 0, 'cannot decrease the failed counter'));
  const maySucceedLess = next.spec.completionMode === 'Indexed' && next.spec.completions === next.spec.parallelism;
  if (!maySucceedLess && (after.succeeded ?? 0) < (before.succeeded ?? 0)) {
    errors.push(invalid('status.succeeded', after.succeeded ?? 0, 'cannot decrease the succeeded counter'));
  }
  if (after.completionTime && before.completionTime && after.completionTime !== before.completionTime) {
    errors.push(invalid('status.completionTime', after.completionTime, 'field is immutable'));
  }
  const isResuming = has(current, 'Suspended') && conditionOf(after.conditions, 'Suspended')?.status === 'False';
  if (before.startTime && before.startTime !== after.startTime && !isResuming && next.spec.suspend !== true) {
    errors.push(invalid('status.startTime', after.startTime ?? null, 'field is immutable for unsuspended job once set'));
  }
  if (has(current, 'SuccessCriteriaMet') && !has(next, 'SuccessCriteriaMet')) {
    errors.push(wrongConditions('cannot disable the SuccessCriteriaMet=True condition'));
  }
  if (has(current, 'Complete') && !has(current, 'SuccessCriteriaMet') && has(next, 'SuccessCriteriaMet')) {
    errors.push(wrongConditions('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
  }
  return errors;
}
