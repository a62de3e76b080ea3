import type { Deployment } from '../../../kube/generated/types.ts';
import { deployments } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { replicaScale } from '../../scale.ts';
import { columns } from './table.ts';

export const deploymentDefinition = definition<Deployment>({
  type: deployments,
  schema: builtIn('io.k8s.api.apps.v1.Deployment'),
  singular: 'deployment',
  rechecksName: false,
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  resetFields: { status: ['spec', 'metadata.labels'] },
  hasGeneration: true,
  desiredMetadata: ['annotations'],
  scale: replicaScale<Deployment>(),
  columns,
  rules: () => import('./rules.ts'),
});
