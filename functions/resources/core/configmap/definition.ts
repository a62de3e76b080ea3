import type { ConfigMap } from '../../../kube/generated/types.ts';
import { configMaps } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, valueColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const size = (fields: object | undefined): number => Object.keys(fields ?? {}).length;

export const configMapDefinition = definition<ConfigMap>({
  type: configMaps,
  schema: builtIn('io.k8s.api.core.v1.ConfigMap'),
  singular: 'configmap',
  checksChangeFirst: true,
  shortNames: ['cm'],
  columns: [nameColumn, valueColumn('Data', 'How many keys it holds.', ({ data, binaryData }) => size(data) + size(binaryData)), ageColumn],
  rules: () => import('./rules.ts'),
});
