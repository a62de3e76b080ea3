import type { Secret } from '../../../kube/generated/types.ts';
import { secrets } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn, valueColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const secretDefinition = definition<Secret>({
  type: secrets,
  schema: builtIn('io.k8s.api.core.v1.Secret'),
  singular: 'secret',
  checksChangeFirst: true,
  columns: [
    nameColumn,
    textColumn('Type', 'What the keys mean.', ({ type }) => type ?? ''),
    valueColumn('Data', 'How many keys it holds.', ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
  selectableFields: ['type'],
  fields: ({ type }) => ({ type: type ?? '' }),
  rules: () => import('./rules.ts'),
});
