/**
 * Volumes and the claims on them: which fit together, and what is noted on them. Pure.
 * Source: component-helpers, storage/volume/pv_helpers.go and storage/ephemeral/ephemeral.go.
 */
import { copy } from './copy.ts';
import type { Node, ObjectReference, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Volume } from './generated/types.ts';
import { matchesLabels, requirementsOf } from './labels.ts';
import type { KubeObject } from './object.ts';
import { annotationsOf, isTerminating, labelsOf, nameOf, namespaceOf, uidOf } from './object.ts';
import { matchesNodeTerms } from './node-selector.ts';
import { isControlledBy } from './owners.ts';
import { compareQuantities } from './quantity.ts';

export const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed';
export const boundByControllerAnnotation = 'pv.kubernetes.io/bound-by-controller';
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
export const provisionerAnnotation = 'volume.kubernetes.io/storage-provisioner';
export const betaProvisionerAnnotation = 'volume.beta.kubernetes.io/storage-provisioner';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const defaultClassAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

/** The annotation comes first, as of old. */
export const storageClassOf = (object: KubeObject & { spec: { storageClassName?: string } }): string =>
  annotationsOf(object)[classAnnotation] ?? object.spec.storageClassName ?? '';

/** Naming the empty class is a choice, too. */
export const hasStorageClass = (claim: PersistentVolumeClaim): boolean =>
  annotationsOf(claim)[classAnnotation] !== undefined || claim.spec.storageClassName !== undefined;

const isDefaultClass = (object: KubeObject): boolean => defaultClassAnnotations.some((key) => annotationsOf(object)[key] === 'true');
const createdAt = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';
const compareTexts = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** The newest of the default ones. */
export const defaultClassOf = <T extends KubeObject>(classes: readonly T[]): T | undefined =>
  classes.filter(isDefaultClass).toSorted((a, b) => compareTexts(createdAt(b), createdAt(a)) || compareTexts(nameOf(a), nameOf(b)))[0];

/** Binding waits until the scheduler has chosen a node for a pod. */
export const isDelayed = (storageClass: StorageClass | undefined): boolean => storageClass?.volumeBindingMode === 'WaitForFirstConsumer';

const storageOf = (amounts: Readonly<Record<string, string>> | undefined): string => amounts?.['storage'] ?? '0';

export const capacityOf = ({ spec }: PersistentVolume): string => storageOf(spec.capacity);
export const requestedStorage = ({ spec }: PersistentVolumeClaim): string => storageOf(spec.resources?.requests);

/** The volume is this claim's, or reserved for one of its name. */
export function isBoundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { claimRef } = volume.spec;
  if (claimRef?.name !== nameOf(claim) || claimRef.namespace !== namespaceOf(claim)) return false;
  return (claimRef.uid ?? '') === '' || claimRef.uid === uidOf(claim);
}

const referenceTo = (claim: PersistentVolumeClaim): ObjectReference => ({
  kind: 'PersistentVolumeClaim',
  namespace: namespaceOf(claim),
  name: nameOf(claim),
  uid: uidOf(claim),
  apiVersion: 'v1',
  resourceVersion: claim.metadata.resourceVersion,
});

/** The volume as one that is the claim's; the same object when it is already. */
export function boundVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  if (isBoundTo(volume, claim) && volume.spec.claimRef?.uid === uidOf(claim)) return volume;
  const next = copy(volume);
  // Only what was not reserved by its maker can be given back to all.
  if (!isBoundTo(volume, claim)) next.metadata.annotations = { [boundByControllerAnnotation]: 'yes', ...next.metadata.annotations };
  next.spec.claimRef = referenceTo(claim);
  return next;
}

/** Whether the node can reach the volume. */
export function isReachableFrom({ spec }: PersistentVolume, node: Node): boolean {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  return terms === undefined || matchesNodeTerms(terms, node);
}

export const hasSameMode = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean =>
  (claim.spec.volumeMode ?? 'Filesystem') === (volume.spec.volumeMode ?? 'Filesystem');

export const hasAccessModes = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean =>
  (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode) === true);

export const hasSameAttributes = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean =>
  (claim.spec.volumeAttributesClassName ?? '') === (volume.spec.volumeAttributesClassName ?? '');

export const isLargeEnough = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean =>
  compareQuantities(capacityOf(volume), requestedStorage(claim)) >= 0;

/** Whether the volume could be the claim's, were it free: of its size, modes and attributes. */
const isCandidate = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean =>
  (volume.spec.claimRef === undefined || isBoundTo(volume, claim)) &&
  isLargeEnough(claim, volume) &&
  hasSameMode(claim, volume) &&
  hasSameAttributes(claim, volume) &&
  !isTerminating(volume);

export interface MatchOptions {
  /** Which volumes the node of the pod can reach. Left out by who binds without a node. */
  readonly isReachable?: (volume: PersistentVolume) => boolean;
  /** Only a volume that is reserved for the claim is taken. */
  readonly onlyReserved?: boolean;
}

/** The volume that is reserved for the claim, or else the smallest free one that does. */
export function bestMatch(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { isReachable = () => true, onlyReserved = false }: MatchOptions = {},
): PersistentVolume | undefined {
  const candidates = volumes.filter((volume) => isCandidate(claim, volume) && hasAccessModes(claim, volume));
  const reserved = candidates.find((volume) => isBoundTo(volume, claim));
  if (reserved !== undefined) return isReachable(reserved) ? reserved : undefined;
  if (onlyReserved) return undefined;
  const selector = claim.spec.selector === undefined ? [] : requirementsOf(claim.spec.selector);
  const free = candidates.filter(
    (volume) =>
      volume.status?.phase === 'Available' &&
      matchesLabels(selector, labelsOf(volume)) &&
      storageClassOf(volume) === storageClassOf(claim) &&
      isReachable(volume),
  );
  // A volume with fewer access modes is given away before the others.
  return free.toSorted((a, b) => modesOf(a) - modesOf(b) || compareQuantities(capacityOf(a), capacityOf(b)))[0];
}

const modesOf = ({ spec }: PersistentVolume): number => spec.accessModes?.length ?? 0;

/** The claim of the volume; undefined for a volume of another kind. One that is made for the pod bears its name. */
export function claimNameOf(pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  if (persistentVolumeClaim !== undefined) return persistentVolumeClaim.claimName;
  return ephemeral === undefined ? undefined : `${nameOf(pod)}-${name}`;
}

/** Why the claim of an ephemeral volume is not the pod's own; undefined when it is. */
export const notMadeForPod = (pod: Pod, claim: PersistentVolumeClaim): string | undefined =>
  isControlledBy(claim, pod)
    ? undefined
    : `PVC ${namespaceOf(claim)}/${nameOf(claim)} was not created for pod ${namespaceOf(pod)}/${nameOf(pod)} (pod is not owner)`;
