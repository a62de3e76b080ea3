import type { ReplicaSet } from '../../../kube/generated/types.ts';
import { replicaSets } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { setPodSpecDefaults } from '../../../kube/pod-defaults.ts';
import { definition } from '../../definition.ts';
import { replicaScale } from '../../scale.ts';
import { replicaColumns } from './table.ts';

export const replicaSetDefinition = definition<ReplicaSet>({
  type: replicaSets,
  schema: builtIn('io.k8s.api.apps.v1.ReplicaSet'),
  singular: 'replicaset',
  rechecksName: false,
  shortNames: ['rs'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  scale: replicaScale<ReplicaSet>(),
  columns: replicaColumns<ReplicaSet>(),
  setDefaults({ spec }) {
    spec.replicas ??= 1;
    if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
  },
  prepareForCreate(replicaSet) {
    replicaSet.status = { replicas: 0 };
  },
  rules: () => import('./rules.ts'),
});
