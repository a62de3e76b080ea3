import type { LimitRange } from '../../../kube/generated/types.ts';
import { limitRanges } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { nameColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const limitRangeDefinition = definition<LimitRange>({
  type: limitRanges,
  schema: builtIn('io.k8s.api.core.v1.LimitRange'),
  singular: 'limitrange',
  shortNames: ['limits'],
  // Upstream has no columns of its own for this kind.
  columns: [
    nameColumn,
    {
      name: 'Created At',
      type: 'date',
      description: 'When the object was created.',
      priority: 0,
      value: ({ metadata }) => metadata.creationTimestamp ?? '0001-01-01T00:00:00Z',
    },
  ],
  allowsCreateOnUpdate: true,
  rules: () => import('./rules.ts'),
});
