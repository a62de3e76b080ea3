/**
 * What a poll brings to a node, as data: another kind is another line. A kind that the cluster does not serve has no
 * objects, so its line costs nothing.
 */
import type { PersistentVolume, PersistentVolumeClaim, VolumeAttachment } from '../../kube/generated/types.ts';
import { removingNodeOf } from '../../kube/local-path.ts';
import type { KubeObject } from '../../kube/object.ts';
import {
  clusterTrustBundles,
  configMaps,
  csiDrivers,
  endpointSlices,
  groupResource,
  nodes,
  resourceType,
  secrets,
  serviceCIDRs,
  services,
  volumeAttachments,
  type ResourceType,
} from '../../kube/resource-type.ts';
import type { Key } from '../../kube/view.ts';
import type { PodReferences } from '../../kube/pod-references.ts';

/** Objects that a node gets because its pods name them, or because objects that its pods name do. */
export interface NamedInterest {
  readonly type: ResourceType;
  /** Which of a pod's references name it. */
  readonly ofPods?: keyof PodReferences;
  /** Which objects of an interest further up name it. */
  readonly of?: { readonly type: ResourceType; readonly names: (object: KubeObject) => readonly string[] };
}

const runtimeClasses = resourceType('node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', 'Cluster');
const claims = resourceType<PersistentVolumeClaim & KubeObject>('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim');
const volumes = resourceType('v1', 'persistentvolumes', 'PersistentVolume', 'Cluster');

const named: readonly NamedInterest[] = [
  { type: configMaps, ofPods: 'configMaps' },
  { type: secrets, ofPods: 'secrets' },
  { type: runtimeClasses, ofPods: 'runtimeClasses' },
  { type: claims, ofPods: 'claims' },
  { type: volumes, of: { type: claims, names: (object) => [(object as PersistentVolumeClaim).spec?.volumeName ?? ''] } },
];

/** A node gets these where they name it themselves. */
export interface OwnInterest {
  readonly type: ResourceType;
  readonly nodeNameOf: (object: KubeObject) => string | undefined;
}

const own: readonly OwnInterest[] = [
  { type: volumes, nodeNameOf: (object) => removingNodeOf(object as PersistentVolume) },
  { type: volumeAttachments, nodeNameOf: (object) => (object as VolumeAttachment).spec.nodeName },
];

const byResource = <T>(entries: readonly T[], typeOf: (entry: T) => ResourceType): ReadonlyMap<string, T> =>
  new Map(entries.map((entry) => [groupResource(typeOf(entry)), entry]));

/** Every node gets all of these. */
export const sharedInterests: ReadonlyMap<string, ResourceType> = byResource(
  [services, endpointSlices, nodes, clusterTrustBundles, csiDrivers, serviceCIDRs],
  (type) => type,
);

/** Every node gets these. `kube-dns` is what administrators choose about names: see the agent's name server. */
export const fixedInterests: readonly Key[] = [{ resource: groupResource(configMaps), namespace: 'kube-system', name: 'kube-dns' }];

export const isFixedInterest = ({ resource, namespace, name }: Key): boolean =>
  fixedInterests.some((one) => one.name === name && one.namespace === namespace && one.resource === resource);

export const ownInterests: ReadonlyMap<string, OwnInterest> = byResource(own, ({ type }) => type);

export const namedInterests: ReadonlyMap<string, NamedInterest> = byResource(named, ({ type }) => type);

/** Whether objects of this resource may name others. */
export const leadsOn = (resource: string): boolean => named.some(({ of }) => of !== undefined && groupResource(of.type) === resource);
