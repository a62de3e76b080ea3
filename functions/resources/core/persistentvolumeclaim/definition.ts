import type { PersistentVolumeClaim } from '../../../kube/generated/types.ts';
import { persistentVolumeClaims } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { columns } from './table.ts';

export const persistentVolumeClaimDefinition = definition<PersistentVolumeClaim>({
  type: persistentVolumeClaims,
  schema: builtIn('io.k8s.api.core.v1.PersistentVolumeClaim'),
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  hasStatus: true,
  columns,
  returnsDeletedObject: true,
  rules: () => import('./rules.ts'),
});
