import type { StorageClass } from '../../../kube/generated/types.ts';
import { storageClasses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn, valueColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const storageClassDefinition = definition<StorageClass>({
  type: storageClasses,
  schema: builtIn('io.k8s.api.storage.v1.StorageClass'),
  singular: 'storageclass',
  shortNames: ['sc'],
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    textColumn('Provisioner', 'What makes its volumes.', ({ provisioner }) => provisioner ?? ''),
    textColumn('ReclaimPolicy', 'What becomes of a volume when its claim goes.', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
    textColumn('VolumeBindingMode', 'When claims get their volumes.', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'),
    valueColumn('AllowVolumeExpansion', 'Whether volumes can grow.', ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn,
  ],
  setDefaults(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  rules: () => import('./rules.ts'),
});
