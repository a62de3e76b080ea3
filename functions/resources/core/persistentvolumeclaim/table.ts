/** The columns of `kubectl get persistentvolumeclaims`, and what volumes share of them. */
import type { PersistentVolumeClaim } from '../../../kube/generated/types.ts';
import { annotationsOf, isTerminating, type KubeObject } from '../../../kube/object.ts';
import { ageColumn, nameColumn, textColumn, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

export const unset = '<unset>';

/** Access modes in upstream's order. Source: pkg/apis/core/helper/helpers.go, GetAccessModesAsString. */
const modes = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const;

export const accessModesText = (given: readonly string[] = []): string =>
  modes.flatMap(([mode, text]) => (given.includes(mode) ? [text] : [])).join(',');

export const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** The annotation comes first, as of old. */
export const classOf = (object: KubeObject & { spec: { storageClassName?: string } }): string =>
  annotationsOf(object)[classAnnotation] ?? object.spec.storageClassName ?? '';

const isBound = ({ spec }: PersistentVolumeClaim): boolean => (spec.volumeName ?? '') !== '';

export const columns: readonly Column<PersistentVolumeClaim>[] = [
  nameColumn,
  textColumn('Status', 'Whether it is bound.', (claim) => (isTerminating(claim) ? 'Terminating' : (claim.status?.phase ?? ''))),
  textColumn('Volume', 'The volume that it is bound to.', ({ spec }) => spec.volumeName ?? ''),
  textColumn('Capacity', 'How much the volume can hold.', (claim) => (isBound(claim) ? (claim.status?.capacity?.['storage'] ?? '0') : '')),
  textColumn('Access Modes', 'How the volume can be mounted.', (claim) =>
    isBound(claim) ? accessModesText(claim.status?.accessModes) : '',
  ),
  textColumn('StorageClass', 'Its class.', classOf),
  textColumn('VolumeAttributesClass', 'The class of its attributes.', ({ spec }) => spec.volumeAttributesClassName ?? unset),
  ageColumn,
  wide(textColumn('VolumeMode', 'Whether it is a file system or a device.', ({ spec }) => spec.volumeMode ?? unset)),
];
