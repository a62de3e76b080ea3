/**
 * Which objects belong to a node: its pods, and what its pods name, directly or by way of a claim and its volume.
 * Pure reads of a view. Source: plugin/pkg/auth/authorizer/node/graph.go.
 */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodCertificateRequest,
  ResourceSlice,
  VolumeAttachment,
} from '../../kube/generated/types.ts';
import { removingNodeOf } from '../../kube/local-path.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import {
  groupResource,
  persistentVolumeClaims,
  persistentVolumes,
  podCertificateRequests,
  pods,
  resourceSlices,
  volumeAttachments,
} from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { View } from '../../kube/view.ts';
import { volumeSecrets } from '../../kube/pod-references.ts';
import type { PodsOfNode } from '../nodes/pods-of-node.ts';

export interface NodeRelationOptions {
  readonly podsOfNode: PodsOfNode;
  readonly view: () => View;
}

/** Whether the object belongs to the node. */
export type Relation = (nodeName: string, at: ObjectName) => boolean;

export type NodeRelations = Readonly<
  Record<
    | 'pods'
    | 'secrets'
    | 'configMaps'
    | 'claims'
    | 'volumes'
    | 'removedVolumes'
    | 'serviceAccounts'
    | 'resourceClaims'
    | 'attachments'
    | 'slices'
    | 'certificateRequests',
    Relation
  >
>;

export function nodeRelations({ podsOfNode, view }: NodeRelationOptions): NodeRelations {
  const read = <T extends KubeObject>(type: ResourceType<T>, at: ObjectName): T | undefined =>
    view().get({ resource: groupResource(type), ...at })?.object as T | undefined;
  const named =
    (what: Parameters<PodsOfNode['names']>[1]): Relation =>
    (nodeName, { namespace, name }) =>
      podsOfNode.names(nodeName, what, namespace, name);
  const onNode =
    <T extends KubeObject>(type: ResourceType<T>, nodeOfObject: (object: T) => string | undefined): Relation =>
    (nodeName, at) => {
      const object = read(type, at);
      return object !== undefined && nodeOfObject(object) === nodeName;
    };

  /** The volumes that claims of the node's pods are bound to. */
  const volumesOf = (nodeName: string): PersistentVolume[] =>
    podsOfNode.claims(nodeName).flatMap((at) => {
      const claim = read<PersistentVolumeClaim>(persistentVolumeClaims, at);
      const volume = read<PersistentVolume>(persistentVolumes, { namespace: '', name: claim?.spec?.volumeName ?? '' });
      // A volume that another claim holds is not this claim's, whatever the claim names.
      const ref = volume?.spec?.claimRef;
      return volume !== undefined && ref?.namespace === at.namespace && ref.name === at.name ? [volume] : [];
    });

  return {
    pods: onNode<Pod>(pods, ({ spec }) => spec?.nodeName),
    configMaps: named('configMaps'),
    claims: named('claims'),
    serviceAccounts: named('serviceAccounts'),
    resourceClaims: named('resourceClaims'),
    volumes(nodeName, at) {
      const { namespace = '', name = '' } = read<PersistentVolume>(persistentVolumes, at)?.spec?.claimRef ?? {};
      return name !== '' && podsOfNode.names(nodeName, 'claims', namespace, name);
    },
    removedVolumes: onNode<PersistentVolume>(persistentVolumes, removingNodeOf),
    secrets: (nodeName, at) =>
      podsOfNode.names(nodeName, 'secrets', at.namespace, at.name) ||
      volumesOf(nodeName)
        .flatMap(volumeSecrets)
        .some(({ namespace, name }) => namespace === at.namespace && name === at.name),
    attachments: onNode<VolumeAttachment>(volumeAttachments, ({ spec }) => spec.nodeName),
    slices: onNode<ResourceSlice>(resourceSlices, ({ spec }) => spec.nodeName),
    certificateRequests: onNode<PodCertificateRequest>(podCertificateRequests, ({ spec }) => spec.nodeName),
  };
}
