import type { StatefulSet } from '../../../kube/generated/types.ts';
import { statefulSets } from '../../../kube/resource-type.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, templateColumns, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { replicaScale } from '../../scale.ts';

export const statefulSetDefinition = definition<StatefulSet>({
  type: statefulSets,
  schema: builtIn('io.k8s.api.apps.v1.StatefulSet'),
  singular: 'statefulset',
  rechecksName: false,
  shortNames: ['sts'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  scale: replicaScale<StatefulSet>(),
  columns: [
    nameColumn,
    textColumn(
      'Ready',
      'Pods that are ready, of the pods that are wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ),
    ageColumn,
    ...templateColumns<StatefulSet>(({ spec }) => spec.template),
  ],
  validateName: dnsLabelErrors,
  prepareForCreate(statefulSet) {
    statefulSet.status = { replicas: 0, availableReplicas: 0 };
  },
  rules: () => import('./rules.ts'),
});
