import type { CSINode } from '../../../kube/generated/types.ts';
import { csiNodes } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const csiNodeDefinition = definition<CSINode>({
  type: csiNodes,
  schema: builtIn('io.k8s.api.storage.v1.CSINode'),
  singular: 'csinode',
  hasStatus: true,
  returnsDeletedObject: true,
  allowsUnconditionalUpdate: false,
  columns: [nameColumn, numberColumn('Drivers', 'How many drivers run there.', ({ spec }) => (spec?.drivers ?? []).length), ageColumn],
  rules: () => import('./rules.ts'),
});
