/**
 * Where requests for `pods/proxy`, `services/proxy` and `nodes/proxy` go.
 * Source: kubernetes, pkg/registry/core/{pod/strategy.go,service/storage/storage.go,node/strategy.go} (ResourceLocation)
 */
import { BlockList, isIP } from 'node:net';
import type { Endpoint, Node, Pod, Service } from '../../kube/generated/types.ts';
import { groupResource, nodes, pods, services } from '../../kube/resource-type.ts';
import { type SchemeNamePort, splitSchemeNamePort } from '../../kube/scheme-name-port.ts';
import { chooseEndpoint } from '../../kube/service-endpoints.ts';
import { badRequest, notFound, StatusError } from '../../kube/status-error.ts';
import type { ProxyContext, ProxyLocation, ProxySubresource } from '../definition.ts';

const notUnicast = new BlockList();
notUnicast.addSubnet('127.0.0.0', 8, 'ipv4');
notUnicast.addSubnet('169.254.0.0', 16, 'ipv4');
notUnicast.addSubnet('224.0.0.0', 4, 'ipv4');
notUnicast.addAddress('0.0.0.0', 'ipv4');
notUnicast.addAddress('255.255.255.255', 'ipv4');
notUnicast.addAddress('::', 'ipv6');
notUnicast.addAddress('::1', 'ipv6');
notUnicast.addSubnet('fe80::', 10, 'ipv6');
notUnicast.addSubnet('ff00::', 8, 'ipv6');

function requireUnicast(address: string): void {
  const version = isIP(address);
  if (version === 0 || notUnicast.check(address, version === 6 ? 'ipv6' : 'ipv4')) throw badRequest('address not allowed');
}

function read(id: string, kind: string): SchemeNamePort {
  const found = splitSchemeNamePort(id);
  if (found === undefined) throw badRequest(`invalid ${kind} request ${JSON.stringify(id)}`);
  return found;
}

const undialled = (reason: string): StatusError =>
  new StatusError(503, 'ServiceUnavailable', `error trying to reach service: dial tcp: ${reason}`);

const knownPorts: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

function portNumber(port: string): number {
  const known = knownPorts.get(port);
  if (known !== undefined) return known;
  if (!/^\d+$/.test(port)) throw undialled(`lookup tcp/${port}: unknown port`);
  if (Number(port) > 65_535) throw undialled(`address ${port}: invalid port`);
  return Number(port);
}

const hostOf = (address: string, port: string | number): string => {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === '' ? host : `${host}:${port}`;
};

function podAt({ view, namespace }: ProxyContext, name: string): Pod | undefined {
  return view.get({ resource: groupResource(pods), namespace, name })?.object as Pod | undefined;
}

const addressOf = ({ status }: Pod): string => status?.podIPs?.[0]?.ip ?? status?.podIP ?? '';

function podLocation(id: string, context: ProxyContext): ProxyLocation {
  const { scheme, name, port: asked } = read(id, 'pod');
  const pod = podAt(context, name);
  if (pod === undefined) throw notFound(pods, name);
  const ports = pod.spec?.containers.find((container) => (container.ports ?? []).length > 0)?.ports;
  const port = asked === '' ? String(ports?.[0]?.containerPort ?? '') : asked;
  const address = addressOf(pod);
  requireUnicast(address);
  const dialled = portNumber(port === '' ? (scheme === 'https' ? 'https' : 'http') : port);
  return {
    scheme: scheme === '' ? 'http' : scheme,
    nodeName: pod.spec?.nodeName ?? '',
    target: { to: 'port', host: address, port: dialled },
    host: hostOf(address, port),
  };
}

/** The name of the port that a number means. */
function portName({ name, port }: SchemeNamePort, { view, namespace }: ProxyContext): string {
  if (!/^[+-]?\d+$/.test(port)) return port;
  const service = view.get({ resource: groupResource(services), namespace, name })?.object as Service | undefined;
  if (service === undefined) throw notFound(services, name);
  const found = service.spec?.ports?.find((one) => one.port === Number(port));
  if (found === undefined) {
    throw new StatusError(503, 'ServiceUnavailable', `no service port ${Number(port)} found for service ${JSON.stringify(name)}`);
  }
  return found.name ?? '';
}

function serviceLocation(id: string, context: ProxyContext): ProxyLocation {
  const asked = read(id, 'service');
  const { namespace } = context;
  const podOf = ({ targetRef }: Endpoint): Pod | undefined =>
    targetRef?.namespace === namespace ? podAt(context, targetRef.name ?? '') : undefined;
  // Only to addresses that are pods' own: an endpoint may name any.
  const accepts = (endpoint: Endpoint): boolean => podOf(endpoint)?.status?.podIPs?.some(({ ip }) => ip === endpoint.addresses[0]) === true;
  const service = { namespace, name: asked.name, portName: portName(asked, context) };
  const { endpoint, address, port } = chooseEndpoint(service, { ...context, accepts });
  return {
    scheme: asked.scheme === '' ? 'http' : asked.scheme,
    nodeName: podOf(endpoint)?.spec?.nodeName ?? '',
    target: { to: 'port', host: address, port },
    host: hostOf(address, port),
  };
}

/** At which a kubelet listens; ours answers there without listening. */
const kubeletPort = '10250';

function nodeLocation(id: string, { view }: ProxyContext): ProxyLocation {
  const { scheme, name, port } = read(id, 'node');
  const node = view.get({ resource: groupResource(nodes), namespace: '', name })?.object as Node | undefined;
  if (node === undefined) throw notFound(nodes, name);
  const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
  requireUnicast(address);
  const to = { nodeName: name, host: hostOf(address, port === '' ? kubeletPort : port) };
  if (port === '' || port === kubeletPort) return { ...to, scheme: 'http', target: { to: 'node' } };
  return { ...to, scheme: scheme === '' ? 'http' : scheme, target: { to: 'port', host: address, port: portNumber(port) } };
}

const proxy = (optionsKind: string, locate: ProxySubresource['locate']): ProxySubresource => ({
  kind: 'proxy',
  name: 'proxy',
  verbs: ['create', 'delete', 'get', 'patch', 'update'],
  optionsKind,
  locate,
});

export const podProxy = proxy('PodProxyOptions', podLocation);
export const serviceProxy = proxy('ServiceProxyOptions', serviceLocation);
export const nodeProxy = proxy('NodeProxyOptions', nodeLocation);
