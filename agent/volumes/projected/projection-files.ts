/** Several sources as one directory: tokens, ConfigMaps, Secrets, facts about the pod. Source: pkg/volume/projected/projected.go */
import type { Pod, ServiceAccountTokenProjection, VolumeProjection } from '../../../functions/kube/generated/types.ts';
import { namespaceOf } from '../../../functions/kube/object.ts';
import type { Lookup } from '../../pods/lookup.ts';
import { specOf } from '../../pods/pod-facts.ts';
import type { FileContent } from '../files/atomic-files.ts';
import { downwardFiles, type NodeFacts } from '../files/downward-files.ts';
import { configMapContent, fileModeDefault, projectedFiles, secretContent } from '../files/object-files.ts';
import { trustAnchors } from './trust-anchors.ts';
import type { CertificateSource, PodCertificates } from './pod-certificates.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

export interface ProjectionInput {
  readonly pod: Pod;
  readonly volumeName: string;
  readonly defaultMode: number | undefined;
  readonly lookup: Lookup;
  readonly tokens: ServiceAccountTokens;
  readonly certificates: PodCertificates;
  readonly facts: NodeFacts;
}

type Files = ReadonlyMap<string, FileContent>;

/** The one user that all containers run as. A token is then that user's alone. */
function commonUser(pod: Pod): number | undefined {
  const spec = specOf(pod);
  const users = new Set(
    [...(spec.initContainers ?? []), ...spec.containers].map(
      ({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
    ),
  );
  return users.size === 1 ? [...users][0] : undefined;
}

/** Credentials are for the pod's one user or group alone, where it has one. */
function ownership({ pod, defaultMode = fileModeDefault }: ProjectionInput): Omit<FileContent, 'content'> {
  const userId = commonUser(pod);
  const isPrivate = userId !== undefined || specOf(pod).securityContext?.fsGroup !== undefined;
  return { mode: isPrivate ? 0o600 : defaultMode, userId };
}

async function tokenFiles(input: ProjectionInput, projection: ServiceAccountTokenProjection): Promise<Files> {
  const content = Buffer.from(await input.tokens.token(input.pod, projection));
  return new Map([[projection.path, { content, ...ownership(input) }]]);
}

async function certificateFiles(input: ProjectionInput, source: CertificateSource): Promise<Files> {
  const { keyPem, chainPem } = await input.certificates.credential(input.pod, source);
  const { credentialBundlePath, keyPath, certificateChainPath } = source.projection;
  const paths = [
    [credentialBundlePath, keyPem + chainPem],
    [keyPath, keyPem],
    [certificateChainPath, chainPem],
  ] as const;
  const owned = ownership(input);
  return new Map(paths.flatMap(([path = '', text]) => (path === '' ? [] : [[path, { content: Buffer.from(text), ...owned }]])));
}

async function filesOf(input: ProjectionInput, source: VolumeProjection, index: number): Promise<Files> {
  const { pod, defaultMode, lookup } = input;
  const { secret, configMap, downwardAPI, serviceAccountToken } = source;
  if (source.podCertificate !== undefined)
    return certificateFiles(input, { volumeName: input.volumeName, index, projection: source.podCertificate });
  if (source.clusterTrustBundle !== undefined) {
    const content = Buffer.from(trustAnchors(source.clusterTrustBundle, lookup.clusterTrustBundles()));
    return new Map([[source.clusterTrustBundle.path, { content, ...ownership(input) }]]);
  }
  if (serviceAccountToken !== undefined) return tokenFiles(input, serviceAccountToken);
  if (downwardAPI !== undefined) return downwardFiles(pod, { ...downwardAPI, defaultMode }, input.facts);
  if (configMap !== undefined) {
    const { name = '', items, optional = false } = configMap;
    const object = lookup.configMap(namespaceOf(pod), name);
    if (object === undefined && !optional) throw new Error(`configmap "${name}" not found`);
    return projectedFiles(configMapContent(object), { items, defaultMode, optional }, 'configmap');
  }
  if (secret !== undefined) {
    const { name = '', items, optional = false } = secret;
    const object = lookup.secret(namespaceOf(pod), name);
    if (object === undefined && !optional) throw new Error(`secret "${name}" not found`);
    return projectedFiles(secretContent(object), { items, defaultMode, optional }, 'secret');
  }
  throw new Error(`projections of ${Object.keys(source).join(', ')} are not supported by this node`);
}

/** Later sources write over earlier ones. Throws the errors of all sources at once. */
export async function projectionFiles(input: ProjectionInput, sources: readonly VolumeProjection[]): Promise<Files> {
  const files = new Map<string, FileContent>();
  const failures: string[] = [];
  for (const [index, source] of sources.entries()) {
    try {
      for (const [path, file] of await filesOf(input, source, index)) files.set(path, file);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`);
  return files;
}
