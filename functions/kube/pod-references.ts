/**
 * What a pod's containers need from the cluster before they can start.
 * Source: pkg/api/v1/pod/util.go (VisitPodSecretNames, VisitPodConfigmapNames).
 */
import type { Container, PersistentVolume, Pod, SecretReference, Volume } from './generated/types.ts';
import { annotationsOf, nameOf, type ObjectName } from './object.ts';

export interface PodReferences {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly serviceAccounts: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
  readonly runtimeClasses: ReadonlySet<string>;
  readonly resourceClaims: ReadonlySet<string>;
}

/** Marks a pod that a node made itself. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

interface Names {
  readonly configMaps: Set<string>;
  readonly secrets: Set<string>;
  readonly claims: Set<string>;
}

type Environment = Pick<Container, 'env' | 'envFrom'>;

function add(names: Set<string>, name: string | undefined): void {
  if (name !== undefined && name !== '') names.add(name);
}

function visitEnvironment({ env = [], envFrom = [] }: Environment, { configMaps, secrets }: Names): void {
  for (const { configMapRef, secretRef } of envFrom) {
    add(configMaps, configMapRef?.name);
    add(secrets, secretRef?.name);
  }
  for (const { valueFrom } of env) {
    add(configMaps, valueFrom?.configMapKeyRef?.name);
    add(secrets, valueFrom?.secretKeyRef?.name);
  }
}

function visitVolume(volume: Volume, podName: string, { configMaps, secrets, claims }: Names): void {
  add(configMaps, volume.configMap?.name);
  add(secrets, volume.secret?.secretName);
  add(claims, volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral !== undefined) add(claims, `${podName}-${volume.name}`);
  for (const source of volume.projected?.sources ?? []) {
    add(configMaps, source.configMap?.name);
    add(secrets, source.secret?.name);
  }
  // Drivers that take a credential name it each in its own field.
  add(secrets, volume.csi?.nodePublishSecretRef?.name);
  add(secrets, volume.flexVolume?.secretRef?.name);
  add(secrets, volume.iscsi?.secretRef?.name);
  add(secrets, volume.rbd?.secretRef?.name);
  add(secrets, volume.cephfs?.secretRef?.name);
  add(secrets, volume.cinder?.secretRef?.name);
  add(secrets, volume.scaleIO?.secretRef?.name);
  add(secrets, volume.storageos?.secretRef?.name);
  add(secrets, volume.azureFile?.secretName);
}

/** The claims of resources that exist for a pod. Source: dynamic-resource-allocation, resourceclaim/pod.go, PodClaims. */
function resourceClaimsOf({ spec, status }: Pod): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { resourceClaimName } of spec?.resourceClaims ?? []) add(names, resourceClaimName);
  for (const { resourceClaimName } of status?.resourceClaimStatuses ?? []) add(names, resourceClaimName);
  add(names, status?.extendedResourceClaimStatus?.resourceClaimName);
  return small(names);
}

/** One shared set: references are kept for each pod, and most pods name nothing. */
const none: ReadonlySet<string> = new Set();
const small = (names: ReadonlySet<string>): ReadonlySet<string> => (names.size === 0 ? none : names);

const one = (name: string | undefined): ReadonlySet<string> => (name === undefined || name === '' ? none : new Set([name]));

const nothing: PodReferences = {
  configMaps: none,
  secrets: none,
  claims: none,
  serviceAccounts: none,
  runtimeClasses: none,
  resourceClaims: none,
};

/** A pod that a node made itself names nothing: otherwise a node could read what it likes. */
export const referencesOf = (pod: Pod): PodReferences => (annotationsOf(pod)[mirrorAnnotation] === undefined ? namedByPod(pod) : nothing);

/** What a pod names, regardless of who made it. */
export function namedByPod(pod: Pod): PodReferences {
  const { spec } = pod;
  const names: Names = { configMaps: new Set(), secrets: new Set(), claims: new Set() };
  const { containers, initContainers = [], ephemeralContainers = [], volumes = [], imagePullSecrets = [] } = spec ?? { containers: [] };
  for (const container of [...containers, ...initContainers, ...ephemeralContainers]) visitEnvironment(container, names);
  for (const volume of volumes) visitVolume(volume, nameOf(pod), names);
  for (const { name } of imagePullSecrets) add(names.secrets, name);
  return {
    configMaps: small(names.configMaps),
    secrets: small(names.secrets),
    claims: small(names.claims),
    serviceAccounts: one(spec?.serviceAccountName),
    runtimeClasses: one(spec?.runtimeClassName),
    resourceClaims: resourceClaimsOf(pod),
  };
}

/** The Secrets with which a node mounts a volume. Source: pkg/api/v1/persistentvolume/util.go, VisitPVSecretNames. */
export function volumeSecrets({ spec }: PersistentVolume): ObjectName[] {
  if (spec === undefined) return [];
  const { azureFile, cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos, csi } = spec;
  const ofClaim = spec.claimRef?.namespace ?? '';
  const at = (reference: SecretReference | undefined, otherwise = ''): ObjectName => ({
    namespace: reference?.namespace || otherwise,
    name: reference?.name ?? '',
  });
  const all = [
    { namespace: azureFile?.secretNamespace || ofClaim, name: azureFile?.secretName ?? '' },
    ...[cephfs, flexVolume, rbd, scaleIO, iscsi].map((source) => at(source?.secretRef, ofClaim)),
    ...[cinder, storageos].map((source) => at(source?.secretRef)),
    // What a controller needs to attach or grow the volume is not the node's.
    ...[csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef].map((reference) => at(reference)),
  ];
  return all.filter(({ name }) => name !== '');
}
