/**
 * Carries a client's `log`, `exec`, `attach` or `portforward` to the agent of the pod's node. A stream is a Response
 * whose body the agent uploads; an upgrade is spliced byte by byte, so that what the client and the container's
 * runtime agree on (WebSocket, SPDY) is their own affair.
 */
import { bodyWithEnd } from '../http/body-with-end.ts';
import type { Pod } from '../../kube/generated/types.ts';
import type { RelayRequest } from '../../kube/node-poll.ts';
import { relayStatusHeader } from '../../kube/node-poll.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { groupResource, nodes } from '../../kube/resource-type.ts';
import { StatusError, badRequest, notFound } from '../../kube/status-error.ts';
import type { View } from '../../kube/view.ts';
import type { Clock } from '../../world.ts';
import type { ConnectTarget, Connector } from '../ports.ts';
import { podQuery } from './pod-options.ts';
import type { AgentConnection, AgentStream, RelayHub } from './relay-hub.ts';
import { splice } from './splice.ts';

export interface ConnectorOptions {
  readonly hub: RelayHub;
  readonly view: () => View;
  readonly clock: Pick<Clock, 'after'>;
}

/** Credentials are for us and stay here; the runtime has its own host name. */
const keptBack = /^(authorization|cookie|host|content-length|transfer-encoding|impersonate-.*|x-forwarded-.*|x-remote-.*)$/;
/** Servers read these line by line and do not split at commas. */
const oneLineEach = new Set(['x-stream-protocol-version']);

function forwardedHeaders(headers: Headers): (readonly [string, string])[] {
  return [...headers]
    .filter(([name]) => !keptBack.test(name))
    .flatMap(([name, value]) => (oneLineEach.has(name) ? value.split(/, */).map((one) => [name, one] as const) : [[name, value] as const]));
}

export function createConnector({ hub, view, clock }: ConnectorOptions): Connector {
  return {
    async connect(request, target) {
      const pod = target.object as Pod;
      const { name: subresource, transport } = target.subresource;
      const query = podQuery(subresource, pod, new URL(request.url).searchParams);
      const nodeName = pod.spec?.nodeName ?? '';
      if (nodeName === '') return unscheduled(pod, transport);
      if (view().get({ resource: groupResource(nodes), namespace: '', name: nodeName }) === undefined) throw notFound(nodes, nodeName);
      const wish: Omit<RelayRequest, 'id'> = {
        transport,
        subresource,
        pod: { namespace: namespaceOf(pod), name: nameOf(pod), uid: uidOf(pod) },
        query: query.toString(),
        method: request.method,
        headers: forwardedHeaders(request.headers),
      };
      if (transport === 'upgrade') requireUpgrade(request, target);
      const side = await hub.ask(nodeName, wish, request.signal);
      return side.transport === 'stream' ? streamed(side) : joined(side, target, clock);
    },
  };
}

/** The field answers a log that cannot exist yet with nothing, and refuses the rest. */
function unscheduled(pod: Pod, transport: RelayRequest['transport']): Response {
  if (transport === 'stream') return new Response(null, { status: 204 });
  throw badRequest(`pod ${nameOf(pod)} does not have a host assigned`);
}

function requireUpgrade(request: Request, target: ConnectTarget): void {
  if (target.connection.upgrade !== undefined) return;
  if (!request.headers.has('upgrade')) throw badRequest('Upgrade request required');
  throw new StatusError(501, 'NotImplemented', `this server cannot carry ${target.subresource.name} connections`);
}

function joined(agent: AgentConnection, target: ConnectTarget, clock: Pick<Clock, 'after'>): Response {
  const client = target.connection.upgrade?.take();
  const taken = agent.take();
  if (client === undefined) taken.socket.destroy();
  else splice(client, taken, clock);
  // Nobody reads it: the runtime's own answer is on its way through the splice.
  return new Response(null, { status: 200 });
}

function streamed(agent: AgentStream): Response {
  const { headers, body } = agent.request;
  const failure = headers.get(relayStatusHeader);
  const type = failure === null ? 'text/plain' : 'application/json';
  const status = failure === null ? 200 : statusCode(failure);
  if (body === null) agent.finish();
  // No buffering on the way: a follower wants each line when it is written.
  const answer = { 'content-type': type, 'cache-control': 'no-cache, private', 'x-accel-buffering': 'no' };
  return new Response(body === null ? null : bodyWithEnd(body, () => agent.finish()), { status, headers: answer });
}

const statusCode = (text: string): number => (/^[45]\d\d$/.test(text) ? Number(text) : 500);
