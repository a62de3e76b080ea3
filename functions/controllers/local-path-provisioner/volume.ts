/** The volume of a claim, as a directory of a node, and which claims cannot have one. Pure. */
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/generated/types.ts';
import { localPathFinalizer, localPathNodeAnnotation, localPathProvisioner } from '../../kube/local-path.ts';
import { labelsOf, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { isDelayed, provisionedByAnnotation, requestedStorage, storageClassOf } from '../../kube/volumes.ts';

const hostnameLabel = 'kubernetes.io/hostname';
/** Where a class names no directory for its volumes. */
const pathDefault = '/var/lib/hibernetes/volumes';

const modes: ReadonlySet<string> = new Set(['ReadWriteOnce', 'ReadWriteOncePod']);

/** Why a directory of one node cannot be what the claim asks for. */
export function refusal({ spec }: PersistentVolumeClaim, storageClass: StorageClass): string | undefined {
  const strange = (spec.accessModes ?? []).find((mode) => !modes.has(mode));
  if (strange !== undefined) return `access mode ${strange} is not supported: the volume is on one node`;
  if (spec.volumeMode === 'Block') return 'block volumes are not supported';
  if (spec.selector !== undefined) return 'claim.spec.selector is not supported';
  if (spec.dataSource !== undefined || spec.dataSourceRef !== undefined) return 'data sources are not supported';
  if ((storageClass.mountOptions ?? []).length > 0) return 'mount options are not supported';
  const path = storageClass.parameters?.['path'];
  if (path !== undefined && !path.startsWith('/')) return 'parameter "path" must be an absolute path';
  return isDelayed(storageClass) ? undefined : 'the class must have volumeBindingMode WaitForFirstConsumer';
}

export function newVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node): PersistentVolume {
  const name = `pvc-${uidOf(claim)}`;
  const policy = storageClass.reclaimPolicy ?? 'Delete';
  const hostname = labelsOf(node)[hostnameLabel] ?? nameOf(node);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [provisionedByAnnotation]: localPathProvisioner, [localPathNodeAnnotation]: nameOf(node) },
      ...(policy === 'Delete' && { finalizers: [localPathFinalizer] }),
    },
    spec: {
      capacity: { storage: requestedStorage(claim) },
      accessModes: claim.spec.accessModes,
      persistentVolumeReclaimPolicy: policy,
      storageClassName: storageClassOf(claim),
      volumeMode: 'Filesystem',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: namespaceOf(claim),
        name: nameOf(claim),
        uid: uidOf(claim),
        resourceVersion: claim.metadata.resourceVersion,
      },
      local: { path: `${storageClass.parameters?.['path'] ?? pathDefault}/${name}` },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [hostname] }] }] },
      },
    },
  };
}
