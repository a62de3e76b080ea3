/** Claims of devices and the pods that use them. Source: dynamic-resource-allocation, resourceclaim/{claim,pod}.go. */
import type { Pod, PodResourceClaim, ResourceResourceClaim as ResourceClaim } from './generated/types.ts';
import { nameOf, uidOf } from './object.ts';
import { controllerOf } from './owners.ts';
import { isPodFinished } from './pod.ts';

/** Keeps an allocated claim until its devices are free. */
export const claimFinalizer = 'resource.kubernetes.io/delete-protection';

/** As many pods may use a claim. */
export const reservedForMax = 256;

/** Undefined: the claim is still to be made, or none is needed. */
export const claimNameOfPod = ({ status }: Pod, { name, resourceClaimName }: PodResourceClaim): string | undefined =>
  resourceClaimName ?? status?.resourceClaimStatuses?.find((one) => one.name === name)?.resourceClaimName;

/** The controller found that the pod needs no claim under this name. */
export const needsNoClaim = ({ status }: Pod, { name }: PodResourceClaim): boolean =>
  status?.resourceClaimStatuses?.some((one) => one.name === name && one.resourceClaimName === undefined) ?? false;

export const isReservedFor = (pod: Pod, { status }: ResourceClaim): boolean =>
  (status?.reservedFor ?? []).some(({ uid }) => uid === uidOf(pod));

export const canBeReserved = ({ status }: ResourceClaim): boolean => (status?.reservedFor ?? []).length < reservedForMax;

/** Whether a claim that was made for a pod was made for this one. */
export const isMadeForPod = (pod: Pod, claim: ResourceClaim): boolean => controllerOf(claim)?.uid === uidOf(pod);

export const notMadeForPod = (pod: Pod, claim: ResourceClaim): string =>
  `ResourceClaim ${claim.metadata.namespace}/${nameOf(claim)} was not created for Pod ${pod.metadata.namespace}/${nameOf(pod)} (Pod is not owner)`;

/** It uses no device any more, and never will. */
export const isPodDone = (pod: Pod): boolean =>
  isPodFinished(pod) || (pod.metadata.deletionTimestamp !== undefined && (pod.spec.nodeName ?? '') === '');
