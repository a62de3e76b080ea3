/** Makes the claims of ephemeral volumes, which belong to their pod. Source: pkg/controller/volume/ephemeral/controller.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { PersistentVolumeClaim, Pod, Volume } from '../../kube/generated/types.ts';
import { isTerminating, keyText, namespaceOf } from '../../kube/object.ts';
import { controllerReference } from '../../kube/owners.ts';
import { persistentVolumeClaims, pods } from '../../kube/resource-type.ts';
import { claimNameOf, notMadeForPod } from '../../kube/volumes.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { ephemeralVolumeWatches, needsClaim } from './watches.ts';
import { ephemeralVolumeRole } from './role.ts';

export const ephemeralVolumeController: Controller = {
  name: 'ephemeral-volume',
  actsAs: userNameOf(ephemeralVolumeRole),
  component: 'ephemeral_volume',
  watches: ephemeralVolumeWatches,
  all: (cache) => namesOf(cache.list(pods).filter(needsClaim)),
  async reconcile(request, context) {
    const pod = context.cache.get(pods, request);
    if (pod === undefined || isTerminating(pod)) return settled;
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        await makeClaim(pod, volume, context);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        context.events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${error.message}`);
        throw new Error(`pod ${keyText(request)}, ephemeral volume ${volume.name}: ${error.message}`, { cause: error });
      }
    }
    return settled;
  },
};

async function makeClaim(pod: Pod, volume: Volume, { cache, client }: ReconcileContext): Promise<void> {
  const { volumeClaimTemplate: template } = volume.ephemeral ?? {};
  const name = claimNameOf(pod, volume);
  if (template === undefined || name === undefined) return;
  const namespace = namespaceOf(pod);
  const existing = cache.get(persistentVolumeClaims, { namespace, name });
  if (existing !== undefined) {
    const why = notMadeForPod(pod, existing);
    if (why !== undefined) throw new Error(why);
    return;
  }
  const { annotations, labels } = template.metadata ?? {};
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name, annotations, labels, ownerReferences: [controllerReference(pods, pod)] },
    spec: template.spec,
  };
  try {
    await client.create(persistentVolumeClaims, claim);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`create PVC ${name}: ${error.message}`, { cause: error });
  }
}
