/** What wakes the provisioner of local paths. */
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../kube/generated/types.ts';
import { isLocalPath, localPathNodeAnnotation, localPathProvisioner } from '../../kube/local-path.ts';
import type { ObjectName } from '../../kube/object.ts';
import { annotationsOf, isTerminating, nameOf } from '../../kube/object.ts';
import { nodes, persistentVolumeClaims, persistentVolumes } from '../../kube/resource-type.ts';
import { provisionerAnnotation } from '../../kube/volumes.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const isAsked = (claim: PersistentVolumeClaim): boolean =>
  annotationsOf(claim)[provisionerAnnotation] === localPathProvisioner && (claim.spec.volumeName ?? '') === '' && !isTerminating(claim);

export const localPathWatches: readonly Watch[] = [
  watch<PersistentVolumeClaim>(persistentVolumeClaims, ({ type, object }) =>
    type !== 'deleted' && isAsked(object) ? namesOf([object]) : [],
  ),
  watch<PersistentVolume>(persistentVolumes, ({ type, object }) => (type !== 'deleted' && isLocalPath(object) ? namesOf([object]) : [])),
  watch<Node>(nodes, ({ type, object }, cache) => (type === 'deleted' ? volumesOfNode(nameOf(object), cache) : [])),
];

const volumesOfNode = (nodeName: string, cache: Cache): ObjectName[] =>
  namesOf(cache.list(persistentVolumes).filter((volume) => annotationsOf(volume)[localPathNodeAnnotation] === nodeName));
