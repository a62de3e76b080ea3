/**
 * The owners of a claim: its pod or its StatefulSet where the retention policy deletes the claim with it.
 * Source: pkg/controller/statefulset/stateful_set_utils.go, isClaimOwnerUpToDate and updateClaimOwnerRefForSetAndPod.
 */
import { copy } from '../../kube/copy.ts';
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { nameOf, uidOf } from '../../kube/object.ts';
import { controllerReference } from '../../kube/owners.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { apiVersionOf, pods, statefulSets } from '../../kube/resource-type.ts';
import { isInRange } from './identity.ts';

interface Owner {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

const ownersOf = (set: StatefulSet, pod: Pod): Owner[] => [
  { type: statefulSets, object: set },
  { type: pods, object: pod },
];

const isNamed = (reference: OwnerReference, { type, object }: Owner): boolean =>
  reference.kind === type.kind && reference.apiVersion === apiVersionOf(type) && reference.name === nameOf(object);

const referencesOf = (claim: PersistentVolumeClaim): readonly OwnerReference[] => claim.metadata.ownerReferences ?? [];

const isOwnedBy = (claim: PersistentVolumeClaim, object: KubeObject): boolean =>
  referencesOf(claim).some(({ uid }) => uid === uidOf(object));

function isStale(claim: PersistentVolumeClaim, owner: Owner): boolean {
  const reference = referencesOf(claim).find((one) => isNamed(one, owner));
  return reference !== undefined && reference.uid !== uidOf(owner.object);
}

const deletesWhen = (set: StatefulSet, field: 'whenDeleted' | 'whenScaled'): boolean =>
  set.spec.persistentVolumeClaimRetentionPolicy?.[field] === 'Delete';

/** The claim still belongs to an earlier pod of this name, and goes with it: a new pod must wait for another claim. */
export const isClaimStale = (set: StatefulSet, claim: PersistentVolumeClaim, pod: Pod): boolean =>
  deletesWhen(set, 'whenScaled') && isStale(claim, { type: pods, object: pod });

/** Something else manages the claim, or an earlier object of the same name did. */
export function hasUnexpectedController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  if (!deletesWhen(set, 'whenScaled') && !deletesWhen(set, 'whenDeleted')) return false;
  return referencesOf(claim).some((reference) => {
    const owner = ownersOf(set, pod).find((one) => isNamed(reference, one));
    return owner === undefined ? reference.controller === true : reference.uid !== uidOf(owner.object);
  });
}

function wantedOwners(set: StatefulSet, pod: Pod): Owner[] {
  const isScaledDown = !isInRange(set, pod);
  const [setOwner, podOwner] = ownersOf(set, pod);
  if (deletesWhen(set, 'whenScaled') && isScaledDown) return podOwner === undefined ? [] : [podOwner];
  return deletesWhen(set, 'whenDeleted') && setOwner !== undefined ? [setOwner] : [];
}

export function isOwnershipRight(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const owners = ownersOf(set, pod);
  // An earlier set or pod of this name had it: it is left to the garbage collector.
  if (owners.some((owner) => isStale(claim, owner))) return true;
  if (hasUnexpectedController(claim, set, pod)) return !owners.some(({ object }) => isOwnedBy(claim, object));
  const uids = owners.map(({ object }) => uidOf(object));
  if (referencesOf(claim).some(({ uid, controller }) => uids.includes(uid) && controller !== true)) return false;
  const wanted = wantedOwners(set, pod).map(({ object }) => uidOf(object));
  return owners.every(({ object }) => isOwnedBy(claim, object) === wanted.includes(uidOf(object)));
}

export function withOwnership(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): PersistentVolumeClaim {
  const next = copy(claim);
  const owners = ownersOf(set, pod);
  const others = referencesOf(claim).filter((reference) => !owners.some((owner) => isNamed(reference, owner)));
  const added = hasUnexpectedController(claim, set, pod) ? [] : wantedOwners(set, pod);
  next.metadata.ownerReferences = [...others, ...added.map(({ type, object }) => controllerReference(type, object))];
  return next;
}
