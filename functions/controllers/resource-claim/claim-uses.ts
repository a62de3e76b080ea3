/**
 * Frees ResourceClaims that no pod uses any more, and deletes those made for a pod that is done.
 * Source: pkg/controller/resourceclaim/controller.go, syncClaim.
 */
import { copy } from '../../kube/copy.ts';
import { userNameOf } from '../../kube/controller-role.ts';
import { claimFinalizer, isMadeForPod, isPodDone } from '../../kube/device-claims.ts';
import type { ResourceResourceClaim as ResourceClaim } from '../../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { pods, resourceClaims } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import { settled, type Cache, type Controller, type ReconcileContext } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { resourceClaimRole } from './role.ts';
import { claimUseWatches, ownerNameOf } from './watches.ts';

export const claimUsesController: Controller = {
  name: 'resource-claim-uses',
  actsAs: userNameOf(resourceClaimRole),
  component: 'resource_claim',
  watches: claimUseWatches,
  all: (cache) => namesOf(cache.list(resourceClaims)),
  async reconcile(request, context) {
    const claim = context.cache.get(resourceClaims, request);
    if (claim === undefined) return settled;
    const all = claim.status?.reservedFor ?? [];
    const users = all.filter((user) => isUser(user, claim, context.cache));
    const freed = await freeClaim(claim, users, context);
    if (users.length === 0) await deleteForDonePod(freed, context);
    return settled;
  },
};

type User = NonNullable<NonNullable<ResourceClaim['status']>['reservedFor']>[number];

/** Users that are no pods are not known here, so they stay. */
function isUser({ apiGroup = '', resource, name, uid }: User, claim: ResourceClaim, cache: Cache): boolean {
  if (apiGroup !== '' || resource !== pods.resource) return true;
  const pod = cache.get(pods, { namespace: namespaceOf(claim), name });
  return pod !== undefined && uidOf(pod) === uid && !isPodDone(pod);
}

async function freeClaim(claim: ResourceClaim, users: readonly User[], { client }: ReconcileContext): Promise<ResourceClaim> {
  const isProtected = (claim.metadata.finalizers ?? []).includes(claimFinalizer);
  const isLess = users.length < (claim.status?.reservedFor ?? []).length;
  const isFreed = isProtected && users.length === 0 && (isLess || isTerminating(claim));
  if (!isLess && !isFreed) return claim;
  const next = copy(claim);
  const { allocation, devices, reservedFor: _before, ...others } = next.status ?? {};
  const status = {
    ...others,
    ...(!isFreed && allocation !== undefined && { allocation }),
    ...(!isFreed && devices !== undefined && { devices }),
    ...(users.length > 0 && { reservedFor: [...users] }),
  };
  const written = isLess || allocation !== undefined ? await client.update(resourceClaims, { ...next, status }, 'status') : next;
  if (!isFreed) return written;
  const finalizers = (written.metadata.finalizers ?? []).filter((one) => one !== claimFinalizer);
  return client.update(resourceClaims, { ...copy(written), metadata: { ...written.metadata, finalizers } });
}

async function deleteForDonePod(claim: ResourceClaim, { cache, client }: ReconcileContext): Promise<void> {
  const name = ownerNameOf(claim);
  if (name === undefined || isTerminating(claim)) return;
  const at = { namespace: namespaceOf(claim), name };
  const pod = cache.get(pods, at);
  if (pod === undefined || !isMadeForPod(pod, claim) || !isPodDone(pod)) return;
  try {
    await client.delete(resourceClaims, { ...at, name: nameOf(claim) }, { preconditions: { uid: uidOf(claim) } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
