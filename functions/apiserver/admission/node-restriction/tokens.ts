/**
 * Tokens that a node asks for: bound to a pod that runs on it. A volume of the pod names the audience, and the pod the
 * longest life. Source: plugin/pkg/admission/noderestriction/admission.go, admitServiceAccount.
 */
import type {
  CSIDriver,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageTokenRequest,
  TokenRequest,
  Volume,
} from '../../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../../kube/object.ts';
import { csiDrivers, persistentVolumeClaims, persistentVolumes, pods } from '../../../kube/resource-type.ts';
import { isNotFound } from '../../../kube/status-error.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { type Check, type CheckContext, existing, isOfKind, quote } from './check.ts';
import { driverOfSource } from './csi-drivers.ts';

/** Where neither the pod nor a driver asks for more. */
const secondsMax = 3607;

/** A source of tokens in a pod's volumes. */
interface TokenSource {
  readonly audience: string;
  readonly expirationSeconds: number;
}

const sourceOf = ({ audience, expirationSeconds }: Partial<StorageTokenRequest>): TokenSource => ({
  audience: audience ?? '',
  expirationSeconds: expirationSeconds ?? secondsMax,
});

async function boundPod({ object, namespace }: AdmissionAttributes, context: CheckContext): Promise<Pod | string> {
  const reference = (object as TokenRequest).spec.boundObjectRef ?? {};
  const { name = '', uid = '' } = reference;
  if (!isOfKind(pods, reference) || name === '') return 'node requested token not bound to a pod';
  if (uid === '') return 'node requested token with a pod binding without a uid';
  const pod = await existing<Pod>(pods, { namespace, name }, context);
  if (uid !== pod.metadata.uid) {
    return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  }
  return pod.spec?.nodeName === context.nodeName ? pod : 'node requested token bound to a pod scheduled on a different node';
}

export const checkToken: Check = async (attributes, context) => {
  if (attributes.operation !== 'CREATE') return '';
  const pod = await boundPod(attributes, context);
  if (typeof pod === 'string') return pod;
  const audiences = (attributes.object as TokenRequest).spec.audiences ?? [];
  if (audiences.length > 1) return 'node may only request 0 or 1 audiences';
  return audienceProblem(audiences[0] ?? '', pod, attributes, context);
};

async function audienceProblem(
  audience: string,
  pod: Pod,
  { user, namespace, name }: AdmissionAttributes,
  context: CheckContext,
): Promise<string> {
  const { sources, problems } = await tokenSources(pod, context);
  if (sources.some((source) => source.audience === audience)) return '';
  if (problems.length > 0) return `error validating audience ${quote(audience)}: ${aggregate(problems)}`;
  const verb = 'request-serviceaccounts-token-audience';
  const asked = { verb, isResource: true, path: '', group: '', version: 'v1', resource: audience, subresource: '', namespace, name };
  const decision = await context.authorizer?.authorize(user, asked);
  return decision?.allowed === true ? '' : `${user.name} is not authorized to request tokens for audience ${quote(audience)}`;
}

const aggregate = (problems: readonly string[]): string => (problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`);

/**
 * Shortens what is asked for to what the pod's volumes need. Upstream grants up to 2^32 seconds; a node that is taken
 * over would keep its pods' identities for that long.
 */
export async function shortenToken(attributes: AdmissionAttributes, context: CheckContext): Promise<void> {
  const request = attributes.object as TokenRequest | undefined;
  const asked = request?.spec.expirationSeconds ?? 0;
  if (request === undefined || attributes.subresource !== 'token' || asked <= secondsMax) return;
  const pod = await boundPod(attributes, context);
  if (typeof pod === 'string') return;
  const audience = request.spec.audiences?.[0] ?? '';
  const { sources } = await tokenSources(pod, context);
  const needed = sources.filter((source) => source.audience === audience).map(({ expirationSeconds }) => expirationSeconds);
  const most = Math.max(secondsMax, ...needed);
  if (asked <= most) return;
  request.spec.expirationSeconds = most;
  attributes.warn(`requested expiration of ${asked} seconds shortened to ${most} seconds`);
}

interface TokenSources {
  readonly sources: readonly TokenSource[];
  /** Problems in finding the drivers of the pod's volumes. */
  readonly problems: readonly string[];
}

async function tokenSources(pod: Pod, context: CheckContext): Promise<TokenSources> {
  const volumes = pod.spec?.volumes ?? [];
  const projected = volumes.flatMap((volume) =>
    (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken: token }) => (token === undefined ? [] : [sourceOf(token)])),
  );
  const sources = [...projected];
  const problems: string[] = [];
  for (const volume of volumes) {
    try {
      sources.push(...(await driverSources(pod, volume, context)));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      problems.push(error.message);
    }
  }
  return { sources, problems };
}

async function driverSources(pod: Pod, volume: Volume, context: CheckContext): Promise<TokenSource[]> {
  const name = await driverName(pod, volume, context);
  if (name === undefined) return [];
  const driver = await existing<CSIDriver>(csiDrivers, { namespace: '', name }, context);
  return (driver.spec.tokenRequests ?? []).map(sourceOf);
}

async function driverName(pod: Pod, volume: Volume, context: CheckContext): Promise<string | undefined> {
  const ephemeral = volume.ephemeral?.volumeClaimTemplate === undefined ? undefined : `${nameOf(pod)}-${volume.name}`;
  const claimName = ephemeral ?? volume.persistentVolumeClaim?.claimName;
  if (claimName === undefined) return driverOfSource(volume);
  const claim = await existing<PersistentVolumeClaim>(persistentVolumeClaims, { namespace: namespaceOf(pod), name: claimName }, context);
  const at = { namespace: '', name: claim.spec?.volumeName ?? '' };
  const { spec } = await existing<PersistentVolume>(persistentVolumes, at, context);
  return spec === undefined ? undefined : driverOfSource(spec);
}
