/**
 * What a pod's containers need from the cluster before they can start.
 * Source: pkg/api/v1/pod/util.go (VisitPodSecretNames, VisitPodConfigmapNames).
 */
import type { Container, Pod, Volume } from '../../kube/generated/types.ts';

export interface PodReferences {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly serviceAccounts: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
  readonly runtimeClasses: ReadonlySet<string>;
}

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

function visitVolume(volume: Volume, { configMaps, secrets, claims }: Names): void {
  add(configMaps, volume.configMap?.name);
  add(secrets, volume.secret?.secretName);
  add(claims, volume.persistentVolumeClaim?.claimName);
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
  add(secrets, volume.azureFile?.secretName);
}

/** They are kept for each pod, and most name nothing. */
const none: ReadonlySet<string> = new Set();
const small = (names: ReadonlySet<string>): ReadonlySet<string> => (names.size === 0 ? none : names);

const one = (name: string | undefined): ReadonlySet<string> => (name === undefined || name === '' ? none : new Set([name]));

export function referencesOf({ spec }: Pod): PodReferences {
  const names: Names = { configMaps: new Set(), secrets: new Set(), claims: new Set() };
  const { containers, initContainers = [], ephemeralContainers = [], volumes = [], imagePullSecrets = [] } = spec ?? { containers: [] };
  for (const container of [...containers, ...initContainers, ...ephemeralContainers]) visitEnvironment(container, names);
  for (const volume of volumes) visitVolume(volume, names);
  for (const { name } of imagePullSecrets) add(names.secrets, name);
  return {
    configMaps: small(names.configMaps),
    secrets: small(names.secrets),
    claims: small(names.claims),
    serviceAccounts: one(spec?.serviceAccountName),
    runtimeClasses: one(spec?.runtimeClassName),
  };
}
