/** The end of a tunnel that stands for a port of a Service: one of its endpoints that is ready. Source: apiserver, pkg/util/proxy/proxy.go (ResolveEndpoint) */
import type { Endpoint, Node, Service } from '../../kube/generated/types.ts';
import { groupResource, nodes, services } from '../../kube/resource-type.ts';
import { chooseEndpoint } from '../../kube/service-endpoints.ts';
import { StatusError } from '../../kube/status-error.ts';
import { readable, readObject } from '../../kube/unreadable-object.ts';
import type { View } from '../../kube/view.ts';
import { listenerOf, nodeOfEndpoint } from './listening-nodes.ts';
import type { TunnelEnd } from './tunnels.ts';

export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export interface Chosen {
  readonly view: View;
  /** A random number in [0, 1). */
  random(): number;
  /** An endpoint of the node that listens for it is called. */
  readonly isByMail?: boolean;
}

const unavailable = (message: string): StatusError => new StatusError(503, 'ServiceUnavailable', message);

/** Throws a StatusError when nothing answers for the Service. */
export function serviceEnd({ namespace, name, port }: ServicePort, { view, random, isByMail = false }: Chosen): TunnelEnd {
  const service = readObject(view.get({ resource: groupResource(services), namespace, name })) as Service | undefined;
  if (service === undefined) throw new StatusError(404, 'NotFound', `service ${JSON.stringify(name)} not found`);
  if (service.spec?.type === 'ExternalName') throw unavailable(`unsupported service type "ExternalName"`);
  const found = service.spec?.ports?.find((one) => one.port === port);
  if (found === undefined) throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const listener = isByMail ? listenerOf({ namespace, name }, view) : undefined;
  const accepts = (endpoint: Endpoint): boolean => listener === undefined || nodeOfEndpoint(endpoint, namespace, view) === listener;
  const chosen = chooseEndpoint({ namespace, name, portName: found.name ?? '' }, { view, random, accepts });
  const nodeName = nodeOfEndpoint(chosen.endpoint, namespace, view) ?? readyNode(view);
  if (nodeName === undefined) throw unavailable(`no node is ready that reaches service ${JSON.stringify(name)}`);
  return { nodeName, target: { to: 'port', host: chosen.address, port: chosen.port } };
}

const isReady = ({ status }: Node): boolean => status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;

/** For an address that no node has as its own. */
const readyNode = (view: View): string | undefined =>
  readable(view.list(groupResource(nodes))).find(({ object }) => isReady(object as Node))?.key.name;
