import type { DaemonSet } from '../../../kube/generated/types.ts';
import { daemonSets } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { columns } from './table.ts';

export const daemonSetDefinition = definition<DaemonSet>({
  type: daemonSets,
  schema: builtIn('io.k8s.api.apps.v1.DaemonSet'),
  singular: 'daemonset',
  checksChangeFirst: true,
  rechecksName: false,
  shortNames: ['ds'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  fieldAnnotations: ['deprecated.daemonset.template.generation'],
  columns,
  rules: () => import('./rules.ts'),
});
