/** Which other objects a pod makes its node read. Source: pkg/api/pod/util.go, HasAPIObjectReference. */
import type { Pod, ProjectedVolumeSource, Volume } from './generated/types.ts';
import { namedByPod } from './pod-references.ts';

/** `what` is the first kind found; `problem` is a source that is not known. */
export interface ReferencedObjects {
  readonly what?: string;
  readonly problem?: string;
}

const harmless: readonly (keyof Volume)[] = [
  'awsElasticBlockStore',
  'azureDisk',
  'cephfs',
  'cinder',
  'downwardAPI',
  'emptyDir',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'hostPath',
  'image',
  'iscsi',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
];

const volumeKinds: readonly (readonly [keyof Volume, string])[] = [
  ['configMap', 'configmaps (via configmap volumes)'],
  ['secret', 'secrets (via secret volumes)'],
  ['csi', 'csidrivers (via CSI volumes)'],
  ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'],
  ['azureFile', 'secrets (via azureFile volumes)'],
];

const projectedKinds = [
  ['configMap', 'configmaps (via projected volumes)'],
  ['secret', 'secrets (via projected volumes)'],
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
] as const;

function ofProjected({ sources }: ProjectedVolumeSource, volume: string): ReferencedObjects {
  for (const source of sources ?? []) {
    const found = projectedKinds.find(([field]) => source[field] !== undefined);
    if (found !== undefined) return { what: found[1] };
    if (source.downwardAPI === undefined) return { problem: `unknown source for projected volume ${JSON.stringify(volume)}` };
  }
  return {};
}

function ofVolume(volume: Volume): ReferencedObjects {
  if (harmless.some((field) => volume[field] !== undefined)) return {};
  const found = volumeKinds.find(([field]) => volume[field] !== undefined);
  if (found !== undefined) return { what: found[1] };
  if (volume.projected !== undefined) return ofProjected(volume.projected, volume.name);
  return { problem: `unknown volume type for volume  ${JSON.stringify(volume.name)}` };
}

export function referencedObjects(pod: Pod): ReferencedObjects {
  const { spec } = pod;
  if (spec?.serviceAccountName) return { what: 'serviceaccounts' };
  const { secrets, configMaps } = namedByPod(pod);
  if (secrets.size > 0) return { what: 'secrets' };
  if (configMaps.size > 0) return { what: 'configmaps' };
  if ((spec?.resourceClaims ?? []).length > 0) return { what: 'resourceclaims' };
  for (const volume of spec?.volumes ?? []) {
    const found = ofVolume(volume);
    if (found.what !== undefined || found.problem !== undefined) return found;
  }
  return {};
}
