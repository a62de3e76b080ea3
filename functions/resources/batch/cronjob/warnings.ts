/** Source: pkg/registry/batch/cronjob/strategy.go. */
import type { CronJob } from '../../../kube/generated/types.ts';
import { nameWarnings } from '../../name-warnings.ts';
import { jobSpecWarnings } from '../job/warnings.ts';

export function cronJobWarnings({ metadata, spec }: CronJob, current?: CronJob): string[] {
  const path = 'spec.jobTemplate.spec';
  const indexes = spec.jobTemplate?.spec === undefined ? [] : jobSpecWarnings(spec.jobTemplate.spec, path);
  if (current === undefined) return [...nameWarnings(metadata.name ?? ''), ...indexes];
  const isChanged = metadata.generation !== current.metadata.generation;
  return [...(isChanged ? indexes : []), ...(spec.schedule?.includes('TZ') ? [timeZoneWarning] : [])];
}

const timeZoneWarning =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';
