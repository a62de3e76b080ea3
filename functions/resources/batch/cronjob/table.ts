/** The columns of `kubectl get cronjobs`. */
import type { CronJob } from '../../../kube/generated/types.ts';
import { ageColumn, nameColumn, none, numberColumn, since, templateColumns, textColumn } from '../../columns.ts';
import type { Column } from '../../definition.ts';

/** Upstream declares a boolean and prints text. */
const suspendText = ({ spec }: CronJob): string => {
  if (spec.suspend === undefined) return '<unset>';
  return spec.suspend ? 'True' : 'False';
};

export const columns: readonly Column<CronJob>[] = [
  nameColumn,
  textColumn('Schedule', 'When jobs are made, in the format of cron.', ({ spec }) => spec.schedule ?? ''),
  textColumn('Timezone', 'Where the schedule is meant.', ({ spec }) => spec.timeZone ?? none),
  { name: 'Suspend', type: 'boolean', description: 'Whether no further jobs are made.', priority: 0, value: suspendText },
  numberColumn('Active', 'Jobs that run.', ({ status }) => status?.active?.length ?? 0),
  textColumn('Last Schedule', 'Time since a job was last made.', ({ status }, nowMs) =>
    status?.lastScheduleTime ? since(status.lastScheduleTime, nowMs) : none,
  ),
  ageColumn,
  ...templateColumns<CronJob>(
    ({ spec }) => spec.jobTemplate?.spec?.template,
    ({ spec }) => spec.jobTemplate?.spec?.selector,
  ),
];
