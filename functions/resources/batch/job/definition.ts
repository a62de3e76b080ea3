import type { Job } from '../../../kube/generated/types.ts';
import { jobs } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { columns } from './table.ts';

export const jobDefinition = definition<Job>({
  type: jobs,
  schema: builtIn('io.k8s.api.batch.v1.Job'),
  singular: 'job',
  rechecksName: false,
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  columns,
  selectableFields: ['status.successful'],
  fieldProblem: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  fields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
  defaultPropagation: 'Orphan',
  orphaningWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  rules: () => import('./rules.ts'),
});
