import type { PersistentVolume } from '../../../kube/generated/types.ts';
import { isTerminating } from '../../../kube/object.ts';
import { persistentVolumes } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn, wide } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { accessModesText, classOf, unset } from '../persistentvolumeclaim/table.ts';

export const persistentVolumeDefinition = definition<PersistentVolume>({
  type: persistentVolumes,
  schema: builtIn('io.k8s.api.core.v1.PersistentVolume'),
  singular: 'persistentvolume',
  shortNames: ['pv'],
  hasStatus: true,
  columns: [
    nameColumn,
    textColumn('Capacity', 'How much it can hold.', ({ spec }) => spec.capacity?.['storage'] ?? '0'),
    textColumn('Access Modes', 'How it can be mounted.', ({ spec }) => accessModesText(spec.accessModes)),
    textColumn('Reclaim Policy', 'What becomes of it when its claim goes.', ({ spec }) => spec.persistentVolumeReclaimPolicy ?? ''),
    textColumn('Status', 'Whether it is bound.', (volume) => (isTerminating(volume) ? 'Terminating' : (volume.status?.phase ?? ''))),
    textColumn('Claim', 'The claim that it is bound to.', ({ spec: { claimRef } }) =>
      claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`,
    ),
    textColumn('StorageClass', 'Its class.', classOf),
    textColumn('VolumeAttributesClass', 'The class of its attributes.', ({ spec }) => spec.volumeAttributesClassName ?? unset),
    textColumn('Reason', 'Why it failed.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    wide(textColumn('VolumeMode', 'Whether it is a file system or a device.', ({ spec }) => spec.volumeMode ?? unset)),
  ],
  returnsDeletedObject: true,
  rules: () => import('./rules.ts'),
});
