/**
 * Finds a volume for a claim, asks a provisioner for one, or records what became of the one it had.
 * Source: pkg/controller/volume/persistentvolume/pv_controller.go, syncUnboundClaim and syncBoundClaim.
 */
import { copy } from '../../kube/copy.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/generated/types.ts';
import { annotationsOf, isTerminating, keyText, nameOf, uidOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../kube/resource-type.ts';
import {
  bestMatch,
  betaProvisionerAnnotation,
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  defaultClassOf,
  hasAccessModes,
  hasSameAttributes,
  hasSameMode,
  hasStorageClass,
  isBoundTo,
  isDelayed,
  isLargeEnough,
  provisionerAnnotation,
  selectedNodeAnnotation,
  storageClassOf,
} from '../../kube/volumes.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { claimKey, podsByClaim } from '../shared/volume-indexes.ts';
import { Binding } from './binding.ts';

export async function reconcileClaim(claim: PersistentVolumeClaim, context: ReconcileContext): Promise<void> {
  if (annotationsOf(claim)[bindCompletedAnnotation] !== undefined) await checkBound(claim, context);
  else if ((claim.spec.volumeName ?? '') === '') await findVolume(claim, context);
  else await bindRequested(claim, context);
}

const classNamed = (name: string, { cache }: ReconcileContext): StorageClass | undefined =>
  name === '' ? undefined : cache.get(storageClasses, { namespace: '', name });

async function findVolume(claim: PersistentVolumeClaim, context: ReconcileContext): Promise<void> {
  const { cache, events } = context;
  const binding = new Binding(context);
  const className = storageClassOf(claim);
  const isWaiting = isDelayed(classNamed(className, context));
  // With a delayed class the scheduler chooses; here only what is reserved for the claim is taken.
  const volume = bestMatch(claim, cache.list(persistentVolumes), { onlyReserved: isWaiting });
  if (volume !== undefined) return binding.bind(volume, claim);
  if (await assignDefaultClass(claim, context)) return;
  if (isWaiting && annotationsOf(claim)[selectedNodeAnnotation] === undefined) announceWaiting(claim, context);
  else if (className !== '') return provision(claim, className, context);
  else events.event(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
  await binding.setClaimStatus(claim, 'Pending');
}

/** A claim may be older than the default class. True when it got one. */
async function assignDefaultClass(claim: PersistentVolumeClaim, { cache, client }: ReconcileContext): Promise<boolean> {
  const chosen = hasStorageClass(claim) ? undefined : defaultClassOf(cache.list(storageClasses));
  if (chosen === undefined) return false;
  const next = copy(claim);
  next.spec.storageClassName = nameOf(chosen);
  await client.update(persistentVolumeClaims, next);
  return true;
}

function announceWaiting(claim: PersistentVolumeClaim, { cache, events }: ReconcileContext): void {
  const waiting = cache
    .by(podsByClaim, claimKey(claim))
    .filter((pod) => !isPodFinished(pod) && (pod.spec?.nodeName ?? '') === '')
    .map(nameOf);
  const noun = waiting.length > 1 ? 'pods' : 'pod';
  if (waiting.length > 0) events.event(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${noun} ${waiting.join(',')} to be scheduled`);
  else events.event(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
}

/** The in-tree provisioners that moved out, and the drivers that took over. Source: csi-translation-lib, plugins. */
const migratedTo: Readonly<Record<string, string>> = {
  'kubernetes.io/aws-ebs': 'ebs.csi.aws.com',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
};

/** Provisioners run elsewhere and find the claim by an annotation. */
async function provision(claim: PersistentVolumeClaim, className: string, context: ReconcileContext): Promise<void> {
  const { client, events } = context;
  const storageClass = classNamed(className, context);
  const failed = (why: string): void => events.event(claim, 'Warning', 'ProvisioningFailed', why);
  if (storageClass === undefined) return failed(`storageclass.storage.k8s.io "${className}" not found`);
  const inTree = storageClass.provisioner.startsWith('kubernetes.io/');
  const provisioner = migratedTo[storageClass.provisioner] ?? storageClass.provisioner;
  if (inTree && provisioner === storageClass.provisioner) return failed('no volume plugin matched');
  if (annotationsOf(claim)[provisionerAnnotation] !== provisioner) {
    const next = copy(claim);
    next.metadata.annotations = {
      ...next.metadata.annotations,
      [betaProvisionerAnnotation]: provisioner,
      [provisionerAnnotation]: provisioner,
      ...(inTree && { 'pv.kubernetes.io/migrated-to': provisioner }),
    };
    await client.update(persistentVolumeClaims, next);
  }
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  events.event(claim, 'Normal', 'ExternalProvisioning', message);
}

const volumeNamed = (claim: PersistentVolumeClaim, { cache }: ReconcileContext): PersistentVolume | undefined =>
  cache.get(persistentVolumes, { namespace: '', name: claim.spec.volumeName ?? '' });

/** The claim names its volume. */
async function bindRequested(claim: PersistentVolumeClaim, context: ReconcileContext): Promise<void> {
  const binding = new Binding(context);
  const volume = volumeNamed(claim, context);
  if (volume === undefined) return binding.setClaimStatus(claim, 'Pending');
  if (volume.spec.claimRef === undefined) {
    const why = mismatch(claim, volume);
    if (why === undefined) return binding.bind(volume, claim);
    context.events.event(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${nameOf(volume)}": ${why}`);
    return binding.setClaimStatus(claim, 'Pending');
  }
  if (isBoundTo(volume, claim)) return binding.bind(volume, claim);
  context.events.event(claim, 'Warning', 'FailedBinding', `volume "${nameOf(volume)}" already bound to a different claim.`);
  if (annotationsOf(claim)[boundByControllerAnnotation] === undefined) return binding.setClaimStatus(claim, 'Pending');
  const { namespace = '', name = '' } = volume.spec.claimRef;
  const other = keyText({ namespace, name });
  throw new Error(`invalid binding of claim "${claimKey(claim)}" to volume "${nameOf(volume)}": volume already claimed by "${other}"`);
}

function mismatch(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (isTerminating(volume)) return `the volume is marked for deletion "${nameOf(volume)}"`;
  if (!isLargeEnough(claim, volume)) return 'requested PV is too small';
  if (storageClassOf(volume) !== storageClassOf(claim)) return 'storageClassName does not match';
  if (!hasSameAttributes(claim, volume)) return 'volumeAttributesClassName does not match';
  if (!hasSameMode(claim, volume)) return 'incompatible volumeMode';
  return hasAccessModes(claim, volume) ? undefined : 'incompatible accessMode';
}

async function checkBound(claim: PersistentVolumeClaim, context: ReconcileContext): Promise<void> {
  const binding = new Binding(context);
  const lost = (reason: string, message: string): Promise<void> =>
    binding.setClaimStatus(claim, 'Lost', undefined, { type: 'Warning', reason, message });
  if ((claim.spec.volumeName ?? '') === '')
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = volumeNamed(claim, context);
  if (volume === undefined) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const { claimRef } = volume.spec;
  if (claimRef === undefined || claimRef.uid === uidOf(claim)) return binding.bind(volume, claim);
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}
