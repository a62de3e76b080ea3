/** The end of a tunnel that stands for a port of a Service: one of its endpoints that is ready. Source: apiserver, pkg/util/proxy/proxy.go (ResolveEndpoint) */
import type { Endpoint, Node, Pod, Service } from '../../kube/generated/types.ts';
import { groupResource, nodes, pods, services } from '../../kube/resource-type.ts';
import { chooseEndpoint } from '../../kube/service-endpoints.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { View } from '../../kube/view.ts';
import type { TunnelEnd } from './tunnels.ts';

export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export interface Chosen {
  readonly view: View;
  /** In [0, 1). */
  random(): number;
}

const unavailable = (message: string): StatusError => new StatusError(503, 'ServiceUnavailable', message);

/** Throws a StatusError when nothing answers for the Service. */
export function serviceEnd({ namespace, name, port }: ServicePort, { view, random }: Chosen): TunnelEnd {
  const service = view.get({ resource: groupResource(services), namespace, name })?.object as Service | undefined;
  if (service === undefined) throw new StatusError(404, 'NotFound', `service ${JSON.stringify(name)} not found`);
  if (service.spec?.type === 'ExternalName') throw unavailable(`unsupported service type "ExternalName"`);
  const found = service.spec?.ports?.find((one) => one.port === port);
  if (found === undefined) throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const chosen = chooseEndpoint({ namespace, name, portName: found.name ?? '' }, { view, random });
  const nodeName = nodeOf(chosen.endpoint, namespace, view);
  if (nodeName === undefined) throw unavailable(`no node is ready that reaches service ${JSON.stringify(name)}`);
  return { nodeName, target: { to: 'port', host: chosen.address, port: chosen.port } };
}

/** That of the endpoint; any that is ready for an address that no node names as its own. */
function nodeOf({ nodeName, targetRef }: Endpoint, namespace: string, view: View): string | undefined {
  if (nodeName !== undefined && nodeName !== '') return nodeName;
  const pod = view.get({ resource: groupResource(pods), namespace, name: targetRef?.name ?? '' });
  const ofPod = (pod?.object as Pod | undefined)?.spec?.nodeName ?? '';
  return ofPod === '' ? readyNode(view) : ofPod;
}

const isReady = ({ status }: Node): boolean => status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;

const readyNode = (view: View): string | undefined =>
  view.list(groupResource(nodes)).find(({ object }) => isReady(object as Node))?.key.name;
