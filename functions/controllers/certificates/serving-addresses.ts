/**
 * Whether a node may be given a certificate for the addresses that it asks for. The same authority vouches for the API, so:
 * addresses only, of the node itself, that no other node and not the API has.
 */
import type { CertificateRequest } from '../../kube/certificate-request.ts';
import type { CertificateSigningRequest, EndpointSlice, Node } from '../../kube/generated/types.ts';
import { parseIp } from '../../kube/ip.ts';
import { labelsOf, nameOf } from '../../kube/object.ts';
import { endpointSlices, nodes, services } from '../../kube/resource-type.ts';
import type { Cache, ReconcileContext } from '../../workers/controller.ts';
import { kubeletServingRefusal } from './request-rules.ts';

const userPrefix = 'system:node:';
const apiService = { namespace: 'default', name: 'kubernetes' };
const ownTypes = new Set(['InternalIP', 'ExternalIP']);

/** As certificates write addresses: its bytes in hexadecimal digits. */
function bytesOf(address: string): string | undefined {
  const ip = parseIp(address);
  return ip?.value.toString(16).padStart(ip.bits / 4, '0');
}

const addressesOf = ({ status }: Node): (string | undefined)[] =>
  (status?.addresses ?? []).filter(({ type }) => ownTypes.has(type)).map(({ address }) => bytesOf(address));

const isOfApi = (slice: EndpointSlice): boolean => labelsOf(slice)['kubernetes.io/service-name'] === apiService.name;

function addressesOfApi(cache: Cache): (string | undefined)[] {
  const slices = cache.list(endpointSlices, apiService.namespace).filter(isOfApi);
  const service = cache.get(services, apiService)?.spec;
  return [
    ...slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)),
    ...(service?.clusterIPs ?? []),
  ].map(bytesOf);
}

export function isForOwnAddresses(
  { spec }: CertificateSigningRequest,
  parsed: CertificateRequest,
  { cache }: Pick<ReconcileContext, 'cache'>,
): boolean {
  const { ip, dns } = parsed.alternativeNames;
  if (kubeletServingRefusal(parsed, spec.usages ?? []) !== undefined || dns.length > 0 || spec.username !== parsed.commonName) return false;
  const nodeName = parsed.commonName.slice(userPrefix.length);
  const own = cache.get(nodes, { namespace: '', name: nodeName });
  if (own === undefined) return false;
  const taken = new Set([
    ...addressesOfApi(cache),
    ...cache
      .list(nodes)
      .filter((node) => nameOf(node) !== nodeName)
      .flatMap(addressesOf),
  ]);
  const mine = new Set(addressesOf(own));
  return ip.every((address) => mine.has(address) && !taken.has(address));
}
