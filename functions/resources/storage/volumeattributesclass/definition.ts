import type { VolumeAttributesClass } from '../../../kube/generated/types.ts';
import { volumeAttributesClasses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const volumeAttributesClassDefinition = definition<VolumeAttributesClass>({
  type: volumeAttributesClasses,
  schema: builtIn('io.k8s.api.storage.v1.VolumeAttributesClass'),
  singular: 'volumeattributesclass',
  shortNames: ['vac'],
  returnsDeletedObject: true,
  columns: [nameColumn, textColumn('DriverName', 'The driver of its volumes.', ({ driverName }) => driverName ?? ''), ageColumn],
  rules: () => import('./rules.ts'),
});
