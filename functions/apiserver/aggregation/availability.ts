/** Whether the server of an APIService can be reached and answers. Source: kube-aggregator, pkg/controllers/status/remote/remote_available_controller.go */
import type { APIResourceList, APIServiceCondition, EndpointSlice, Service } from '../../kube/generated/types.ts';
import { endpointSlices, groupResource, services } from '../../kube/resource-type.ts';
import type { View } from '../../kube/view.ts';
import type { Clock } from '../../world.ts';
import { limitedText } from '../http/limited-text.ts';
import type { HttpOverTunnel } from '../tunnel/http-over-tunnel.ts';
import { serviceEnd } from '../tunnel/service-end.ts';
import { goTlsError } from '../webhook/go-errors.ts';
import { identityHeaders } from './identity-headers.ts';
import type { RemoteDocuments } from './remote-groups.ts';
import { type RemoteService, tlsOf } from './remote-services.ts';

export type Condition = Omit<APIServiceCondition, 'lastTransitionTime'>;

export interface Checked {
  readonly condition: Condition;
  /** The documents of the server, when it answered. */
  readonly documents?: RemoteDocuments;
}

export interface CheckOptions {
  readonly view: () => View;
  readonly http: HttpOverTunnel;
  readonly clock: Pick<Clock, 'after'>;
  random(): number;
  /** Set where tunnels go by mail. */
  readonly isByMail?: boolean;
  readonly certificate: { readonly certificatePem: string; readonly keyPem: string } | undefined;
}

const answerMsMax = 5_000;
const answerBytesMax = 8 << 20;
const attempts = 5;
const serviceNameLabel = 'kubernetes.io/service-name';
/** Setting this identity ensures that there is always the right to read. */
const aggregator = { name: 'system:kube-aggregator', groups: ['system:masters'] };

const unavailable = (reason: string, message: string): Condition => ({ type: 'Available', status: 'False', reason, message });
const quoted = (text: string): string => JSON.stringify(text);

/** What can be seen without asking the server. Undefined: nothing speaks against it. */
export function visibleProblem({ service: { namespace, name, port } }: RemoteService, view: View): Condition | undefined {
  const service = view.get({ resource: groupResource(services), namespace, name })?.object as Service | undefined;
  if (service === undefined) return unavailable('ServiceNotFound', `service/${name} in ${quoted(namespace)} is not present`);
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const found = service.spec?.ports?.find((one) => one.port === port);
  if (found === undefined)
    return unavailable('ServicePortError', `service/${name} in ${quoted(namespace)} is not listening on port ${port}`);
  const slices = view
    .list(groupResource(endpointSlices), namespace)
    .map(({ object }) => object as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.[serviceNameLabel] === name);
  if (slices.length === 0) {
    return unavailable('EndpointsNotFound', `cannot find endpointslices for service/${name} in ${quoted(namespace)}`);
  }
  const portName = found.name ?? '';
  if (slices.some((slice) => isReachable(slice, portName))) return undefined;
  const message = `endpointslices for service/${name} in ${quoted(namespace)} have no addresses with port name ${quoted(portName)}`;
  return unavailable('MissingEndpoints', message);
}

const isReachable = ({ endpoints, ports }: EndpointSlice, portName: string): boolean =>
  endpoints?.some(({ conditions }) => conditions?.ready !== false) === true &&
  ports?.some(({ name = '', port }) => name === portName && port !== undefined) === true;

interface Fetched {
  readonly status: number;
  readonly text: string;
  readonly url: string;
}

async function get(options: CheckOptions, remote: RemoteService, path: string): Promise<Fetched> {
  const { view, http, clock, certificate } = options;
  const end = serviceEnd(remote.service, { ...options, view: view() });
  const host = end.target.to === 'port' ? `${end.target.host}:${end.target.port}` : '';
  const url = `https://${host}${path}`;
  const ending = new AbortController();
  const cancel = clock.after(answerMsMax, () => ending.abort());
  const headers = { host, accept: 'application/json', ...identityHeaders(aggregator) };
  try {
    const { message } = await http.send({ end, tls: tlsOf(remote, certificate), method: 'GET', path, headers, signal: ending.signal });
    return { status: message.statusCode ?? 0, text: await limitedText(message, answerBytesMax), url };
  } catch (error) {
    const why = ending.signal.aborted ? 'context deadline exceeded' : goTlsError(error);
    throw new Error(`failing or missing response from ${url}: Get ${quoted(url)}: ${why}`, { cause: error });
  } finally {
    cancel();
  }
}

async function documentsOf(options: CheckOptions, remote: RemoteService): Promise<RemoteDocuments> {
  const { status, text, url } = await get(options, remote, `/apis/${remote.group}/${remote.version}`);
  if (status < 200 || status >= 300) {
    throw new Error(`failing or missing response from ${url}: bad status from ${url}: ${status}`);
  }
  return { resources: JSON.parse(text) as APIResourceList, openApiPath: await openApiPath(options, remote) };
}

/** Undefined where it serves none. */
async function openApiPath(options: CheckOptions, remote: RemoteService): Promise<string | undefined> {
  const { status, text } = await get(options, remote, '/openapi/v3');
  if (status !== 200) return undefined;
  const { paths } = JSON.parse(text) as { paths?: Record<string, { serverRelativeURL?: string }> };
  return paths?.[`apis/${remote.group}/${remote.version}`]?.serverRelativeURL;
}

export async function checked(options: CheckOptions, remote: RemoteService): Promise<Checked> {
  const problem = visibleProblem(remote, options.view());
  if (problem !== undefined) return { condition: problem };
  let last = '';
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      const documents = await documentsOf(options, remote);
      return { condition: { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' }, documents };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      last = error.message;
    }
  }
  return { condition: unavailable('FailedDiscoveryCheck', last) };
}
