import type { ReplicationController } from '../../../kube/generated/types.ts';
import { declaredSubdomainErrors } from '../../../kube/names.ts';
import { replicationControllers } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { replicaColumns } from '../../apps/replicaset/table.ts';
import { definition } from '../../definition.ts';
import { replicaScale } from '../../scale.ts';

export const replicationControllerDefinition = definition<ReplicationController>({
  type: replicationControllers,
  schema: builtIn('io.k8s.api.core.v1.ReplicationController'),
  singular: 'replicationcontroller',
  validateName: declaredSubdomainErrors,
  rechecksName: false,
  checksNamePrefix: false,
  etcdPrefix: '/controllers',
  shortNames: ['rc'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  scale: replicaScale<ReplicationController>(),
  columns: replicaColumns<ReplicationController>(),
  selectableFields: ['status.replicas'],
  fields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
  },
  defaultPropagation: 'Orphan',
  rules: () => import('./rules.ts'),
});
