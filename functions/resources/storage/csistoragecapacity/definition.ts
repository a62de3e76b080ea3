import type { CSIStorageCapacity } from '../../../kube/generated/types.ts';
import { csiStorageCapacities } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { createdAtColumn, nameColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const csiStorageCapacityDefinition = definition<CSIStorageCapacity>({
  type: csiStorageCapacities,
  schema: builtIn('io.k8s.api.storage.v1.CSIStorageCapacity'),
  singular: 'csistoragecapacity',
  allowsUnconditionalUpdate: false,
  columns: [nameColumn, createdAtColumn],
  rules: () => import('./rules.ts'),
});
