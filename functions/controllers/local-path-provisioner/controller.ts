/**
 * Makes volumes for claims of a local-path class: directories of the node that the scheduler chose. The node's agent makes
 * the directory with the first pod, and removes it after the claim. It behaves as an external provisioner does. Source: sig-storage-lib-external-provisioner, controller/controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/generated/types.ts';
import { isLocalPath, localPathFinalizer, localPathProvisioner, removingNodeOf } from '../../kube/local-path.ts';
import { annotationsOf, isTerminating, keyText, nameOf, namespaceOf } from '../../kube/object.ts';
import { nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../kube/resource-type.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status-error.ts';
import { selectedNodeAnnotation, storageClassOf } from '../../kube/volumes.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { newVolume, refusal } from './volume.ts';
import { isAsked, localPathWatches } from './watches.ts';
import { localPathProvisionerRole } from './role.ts';

export const localPathController: Controller = {
  name: 'local-path-provisioner',
  actsAs: userNameOf(localPathProvisionerRole),
  component: localPathProvisioner,
  watches: localPathWatches,
  all: (cache) => [
    ...namesOf(cache.list(persistentVolumeClaims).filter(isAsked)),
    ...namesOf(cache.list(persistentVolumes).filter(isLocalPath)),
  ],
  async reconcile(request, context) {
    if (request.namespace === '') {
      const volume = context.cache.get(persistentVolumes, request);
      if (volume !== undefined && isLocalPath(volume)) await reclaim(volume, context);
    } else {
      const claim = context.cache.get(persistentVolumeClaims, request);
      if (claim !== undefined && isAsked(claim)) await provision(claim, context);
    }
    return settled;
  },
};

async function provision(claim: PersistentVolumeClaim, context: ReconcileContext): Promise<void> {
  const { cache, events } = context;
  const storageClass = cache.get(storageClasses, { namespace: '', name: storageClassOf(claim) });
  if (storageClass === undefined) return;
  const failed = (why: string): void =>
    events.event(claim, 'Warning', 'ProvisioningFailed', `failed to provision volume with StorageClass "${nameOf(storageClass)}": ${why}`);
  const why = refusal(claim, storageClass);
  if (why !== undefined) return failed(why);
  const nodeName = annotationsOf(claim)[selectedNodeAnnotation];
  if (nodeName === undefined) return;
  const node = cache.get(nodes, { namespace: '', name: nodeName });
  if (node === undefined) {
    failed(`node "${nodeName}" not found`);
    return chooseAgain(claim, context);
  }
  await create(claim, { storageClass, node }, context);
}

/** The scheduler takes another node for the pod. */
async function chooseAgain(claim: PersistentVolumeClaim, { client }: ReconcileContext): Promise<void> {
  const next = copy(claim);
  const { [selectedNodeAnnotation]: _node, ...annotations } = annotationsOf(claim);
  next.metadata.annotations = annotations;
  await client.update(persistentVolumeClaims, next);
}

async function create(
  claim: PersistentVolumeClaim,
  { storageClass, node }: { readonly storageClass: StorageClass; readonly node: Node },
  { cache, client, events }: ReconcileContext,
): Promise<void> {
  const volume = newVolume(claim, storageClass, node);
  if (cache.get(persistentVolumes, { namespace: '', name: nameOf(volume) }) !== undefined) return;
  const place = keyText({ namespace: namespaceOf(claim), name: nameOf(claim) });
  events.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${place}"`);
  try {
    await client.create(persistentVolumes, volume);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  events.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${nameOf(volume)}`);
}

/** The volume goes after its claim; the node removes the data, unless it is gone itself. */
async function reclaim(volume: PersistentVolume, context: ReconcileContext): Promise<void> {
  const { cache, client } = context;
  const isReleased = volume.status?.phase === 'Released' && volume.spec.persistentVolumeReclaimPolicy === 'Delete';
  if (isReleased && !isTerminating(volume)) return remove(persistentVolumes, volume, context);
  const nodeName = removingNodeOf(volume);
  const finalizers = volume.metadata.finalizers ?? [];
  if (nodeName === undefined || !finalizers.includes(localPathFinalizer)) return;
  if (cache.get(nodes, { namespace: '', name: nodeName }) !== undefined) return;
  const next = copy(volume);
  next.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== localPathFinalizer);
  try {
    await client.update(persistentVolumes, next);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
