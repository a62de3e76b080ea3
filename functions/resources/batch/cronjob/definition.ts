import type { CronJob } from '../../../kube/generated/types.ts';
import { cronJobs } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { setTemplateDefaults } from '../job/defaults.ts';
import { columns } from './table.ts';

export const cronJobDefinition = definition<CronJob>({
  type: cronJobs,
  schema: builtIn('io.k8s.api.batch.v1.CronJob'),
  singular: 'cronjob',
  rechecksName: false,
  shortNames: ['cj'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  columns,
  /** Source: pkg/apis/batch/v1/defaults.go, SetDefaults_CronJob. */
  setDefaults({ spec }) {
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    if (spec.jobTemplate?.spec !== undefined) setTemplateDefaults(spec.jobTemplate.spec);
  },
  rules: () => import('./rules.ts'),
});
