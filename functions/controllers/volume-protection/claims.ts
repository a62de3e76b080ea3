/**
 * Removes the finalizer of a deleted claim once no pod uses it. Reports on a bound claim whether a pod uses it.
 * Source: pkg/controller/volume/pvcprotection/pvc_protection_controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { conditionOf } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import type { PersistentVolumeClaim, Pod } from '../../kube/generated/types.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { persistentVolumeClaims, pods } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import { claimNameOf, notMadeForPod } from '../../kube/volumes.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { claimKey, podsByClaim } from '../shared/volume-indexes.ts';
import { protect } from './finalizers.ts';
import { claimProtectionWatches } from './watches.ts';
import { claimProtectionRole } from './role.ts';

const finalizer = 'kubernetes.io/pvc-protection';

export const claimProtectionController: Controller = {
  name: 'claim-protection',
  actsAs: userNameOf(claimProtectionRole),
  component: 'pvc-protection-controller',
  watches: claimProtectionWatches,
  all: (cache) => namesOf(cache.list(persistentVolumeClaims)),
  async reconcile(request, context) {
    const claim = context.cache.get(persistentVolumeClaims, request);
    if (claim === undefined) return settled;
    const users = context.cache.by(podsByClaim, claimKey(claim));
    if (!isTerminating(claim) && claim.status?.phase === 'Bound')
      await noteUse(
        claim,
        users.some((pod) => !isPodFinished(pod) && names(pod, claim)),
        context,
      );
    // A pod that cannot be read may hold it.
    const isUsed = users.some((pod) => holds(pod, claim)) || context.cache.unreadable(pods, request.namespace).length > 0;
    await protect({ type: persistentVolumeClaims, object: claim, finalizer, isUsed }, context);
    return settled;
  },
};

const names = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  (pod.spec?.volumes ?? []).some(
    (volume) => claimNameOf(pod, volume) === nameOf(claim) && (volume.ephemeral === undefined || notMadeForPod(pod, claim) === undefined),
  );

/** A pod that has no node yet will not start with a claim that is going away. */
function holds(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if ((pod.spec?.nodeName ?? '') === '' || !names(pod, claim)) return false;
  const isNamed = (pod.spec?.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === nameOf(claim));
  // Its own claim goes first when the pod waits for nothing else: else each could wait for the other.
  return isNamed || !isTerminating(pod) || pod.metadata.deletionGracePeriodSeconds !== 0;
}

async function noteUse(claim: PersistentVolumeClaim, isUsed: boolean, { client, clock }: ReconcileContext): Promise<void> {
  const status = isUsed ? 'False' : 'True';
  const current = conditionOf(claim.status?.conditions, 'Unused');
  if (current?.status === status) return;
  const [reason, message] = isUsed
    ? ['PodUsingPVC', 'A pod is currently referencing this PVC']
    : ['NoPodsUsingPVC', 'No pods are currently referencing this PVC'];
  const others = (claim.status?.conditions ?? []).filter(({ type }) => type !== 'Unused');
  const condition = { type: 'Unused', status, lastTransitionTime: timestamp(clock.now()), reason, message };
  await client.update(
    persistentVolumeClaims,
    { ...copy(claim), status: { ...claim.status, conditions: [...others, condition] } },
    'status',
  );
}
