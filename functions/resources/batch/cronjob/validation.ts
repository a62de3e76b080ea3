/** Source: pkg/apis/batch/validation/validation.go, validateCronJobSpec. */
import { cronError } from '../../../kube/cron.ts';
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { CronJob, CronJobSpec } from '../../../kube/generated/types.ts';
import { validateNonnegative, validateOneOf, withDeclared } from '../../field-rules.ts';
import { validateJobSpecFields } from '../job/spec-validation.ts';

const nameLengthMax = 52;

export function validateCronJob({ metadata: { name = '' }, spec }: CronJob, current?: CronJob): FieldError[] {
  const { jobTemplate } = spec;
  const { selector, manualSelector } = jobTemplate.spec ?? {};
  const path = 'spec.jobTemplate.spec';
  const coded = [
    ...scheduleErrors(spec, current?.spec),
    ...validateNonnegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(current?.spec.timeZone === spec.timeZone && current !== undefined ? [] : timeZoneErrors(spec.timeZone)),
    ...validateOneOf(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], 'spec.concurrencyPolicy'),
    ...(jobTemplate.spec === undefined ? [] : validateJobSpecFields(jobTemplate.spec, path)),
    ...(selector === undefined ? [] : [invalid(`${path}.selector`, selector, '`selector` will be auto-generated')]),
    ...(manualSelector === true ? [notSupported(`${path}.manualSelector`, true, ['nil', 'false'])] : []),
    ...validateNonnegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...validateNonnegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
    ...(current === undefined && name.length > nameLengthMax
      ? [invalid('metadata.name', name, `must be no more than ${nameLengthMax} characters`)]
      : []),
  ];
  return withDeclared(coded, spec.schedule ? [] : [required('spec.schedule')]);
}

function scheduleErrors({ schedule, timeZone }: CronJobSpec, current: CronJobSpec | undefined): FieldError[] {
  const field = 'spec.schedule';
  if (!schedule) return [required(field)];
  const why = cronError(schedule);
  const errors = why === undefined ? [] : [invalid(field, schedule, why)];
  if (!schedule.includes('TZ')) return errors;
  if (current?.schedule.includes('TZ') !== true) {
    return [...errors, invalid(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
  }
  if (timeZone === undefined) return errors;
  return [...errors, invalid(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule')];
}

const partPattern = /^[A-Za-z._0-9+-]{1,14}$/;

function timeZoneErrors(timeZone: string | undefined): FieldError[] {
  const field = 'spec.timeZone';
  if (timeZone === undefined) return [];
  if (timeZone === '') return [invalid(field, timeZone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(field, timeZone, `unknown time zone ${timeZone}`);
  if (timeZone.split('/').some((part) => part === '.' || part === '..' || part.startsWith('-') || !partPattern.test(part)))
    return [unknown];
  const errors: FieldError[] = [];
  if (timeZone.toLowerCase() === 'local')
    errors.push(invalid(field, timeZone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'));
  return timeZone === 'Local' || isTimeZone(timeZone) ? errors : [...errors, unknown];
}

/** The time zones of this process are the IANA's. */
function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
