import type { StorageVersionMigration } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import { groupResource, storageVersionMigrations } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const states: readonly string[] = ['Running', 'Failed', 'Succeeded'];

const stateText = ({ status }: StorageVersionMigration): string =>
  (status?.conditions ?? []).findLast((condition) => condition.status === 'True' && states.includes(condition.type))?.type ?? 'Unknown';

export const storageVersionMigrationDefinition = definition<StorageVersionMigration>({
  type: storageVersionMigrations,
  schema: builtIn('io.k8s.api.storagemigration.v1.StorageVersionMigration'),
  singular: 'storageversionmigration',
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  allowsUnconditionalUpdate: false,
  columns: [
    textColumn('Name', 'Name of the object.', nameOf),
    textColumn('Resource', 'What is written anew.', ({ spec }) => groupResource(spec?.resource ?? { group: '', resource: '' })),
    textColumn('Status', 'How far it is.', stateText),
  ],
  rules: () => import('./rules.ts'),
});
