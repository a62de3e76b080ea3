/**
 * Carries a client's `log`, `exec`, `attach` or `portforward` to the agent of the pod's node. A stream is a Response
 * whose body the agent uploads; an upgrade is spliced byte by byte. The client and the container's runtime agree on the
 * rest (WebSocket, SPDY). Where the two do not meet in one process, streams go by mail
 * and upgrades not at all.
 */
import { withoutSocketTokens } from '../auth/bearer-token.ts';
import { bodyWithEnd } from '../http/body-with-end.ts';
import type { Pod } from '../../kube/generated/types.ts';
import type { ContainerRelay } from '../../node-protocol/node-poll.ts';
import { relayStatusHeader } from '../../node-protocol/node-poll.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { groupResource, nodes, pods } from '../../kube/resource-type.ts';
import { StatusError, badRequest, notFound } from '../../kube/status-error.ts';
import type { View } from '../../kube/view.ts';
import { mailedUpgradeHeader, withUpgrade } from '../../node-protocol/mailed-upgrade.ts';
import type { Clock } from '../../world.ts';
import type { ConnectTarget, Connector } from '../ports.ts';
import { podQuery } from './pod-options.ts';
import type { LogMail } from './mailed-log.ts';
import type { Kubelets } from '../kubelet/kubelets.ts';
import type { AgentConnection, AgentStream, RelayHub } from './relay-hub.ts';
import type { TunnelsByMail } from '../tunnel/tunnels-by-mail.ts';
import { splice } from './splice.ts';
import { asksForWebSocket, sendAsMessages, webSocketHandshake } from './web-socket-stream.ts';

export interface ConnectorOptions {
  readonly hub: RelayHub;
  readonly view: () => View;
  readonly clock: Pick<Clock, 'after'>;
  /** Where client and agent do not meet in one process. */
  readonly logMail?: LogMail;
  /** For clients that ask for an upgrade by way of the table. */
  readonly byMail?: Pick<TunnelsByMail, 'answer'>;
  /** Nodes that the API dials. */
  readonly kubelets?: Kubelets | undefined;
}

/** Credentials are for us and stay here; the runtime has its own host name. */
const keptBack = /^(authorization|cookie|host|content-length|transfer-encoding|impersonate-.*|x-forwarded-.*|x-remote-.*)$/;
/** Servers read these line by line and do not split at commas. */
const oneLineEach = new Set(['x-stream-protocol-version']);

export function forwardedHeaders(headers: Headers): (readonly [string, string])[] {
  return [...headers]
    .filter(([name]) => !keptBack.test(name))
    .flatMap(([name, value]) => {
      const kept = name === 'sec-websocket-protocol' ? withoutSocketTokens(value) : value;
      return kept === undefined ? [] : [[name, kept] as const];
    })
    .flatMap(([name, value]) => (oneLineEach.has(name) ? value.split(/, */).map((one) => [name, one] as const) : [[name, value] as const]));
}

export function createConnector({ hub, view, clock, logMail, byMail, kubelets }: ConnectorOptions): Connector {
  return {
    async connect(request, target) {
      const pod = target.object as Pod;
      const { name: subresource, transport } = target.subresource;
      const isByMail = byMail !== undefined && transport === 'upgrade' && request.headers.has(mailedUpgradeHeader);
      if (logMail !== undefined && transport === 'upgrade' && !isByMail) throw notCarried;
      const query = podQuery(subresource, pod, new URL(request.url).searchParams);
      const nodeName = pod.spec?.nodeName ?? '';
      if (nodeName === '') return unscheduled(pod, transport);
      // Upstream, too, calls the missing node a pod.
      if (view().get({ resource: groupResource(nodes), namespace: '', name: nodeName }) === undefined) throw notFound(pods, nodeName);
      const podNames = { namespace: namespaceOf(pod), name: nameOf(pod) };
      const kubelet = kubelets?.run(nodeName) === true ? kubelets : undefined;
      const relayRequest: Omit<ContainerRelay, 'id' | 'transport'> = {
        subresource,
        pod: { ...podNames, uid: uidOf(pod) },
        query: query.toString(),
        method: request.method,
        headers: forwardedHeaders(withUpgrade(request.headers)),
      };
      if (isByMail) return byMail.answer({ user: target.user, nodeName, request: (id) => ({ id, ...relayRequest, transport: 'upgrade' }) });
      if (logMail !== undefined) return logMail.fetch(nodeName, relayRequest, request.signal);
      const asked = { subresource, pod: podNames, query };
      if (transport === 'upgrade') requireUpgrade(request, target);
      if (transport === 'upgrade' && kubelet !== undefined) return kubelet.join(nodeName, asked, { ...target, request });
      // Before the node is asked: a handshake that fails needs no log.
      const handshake = transport === 'stream' && asksForWebSocket(request.headers) ? webSocketHandshake(request.headers) : undefined;
      const ofAgent = async (): Promise<Response> => {
        const side = await hub.ask(nodeName, { ...relayRequest, transport }, request.signal);
        return side.transport === 'stream' ? streamed(side) : joined(side, target, clock);
      };
      const response = await (kubelet === undefined ? ofAgent() : kubelet.log(nodeName, asked, request.signal));
      const upgrade = target.connection.upgrade;
      if (handshake === undefined || upgrade === undefined || response.status !== 200) return response;
      await sendAsMessages(response.body ?? new Blob([]).stream(), upgrade.take(), handshake);
      return new Response(null, { status: 200 });
    },
  };
}

const notCarried = new StatusError(
  501,
  'NotImplemented',
  'exec, attach, cp and port-forward need a connection that functions cannot carry: use a kubeconfig that names a gate, which hibernetes gate kubeconfig prints (infra/runbook.md, "exec on AWS")',
);

/** The field answers a log that cannot exist yet with nothing, and refuses the rest. */
function unscheduled(pod: Pod, transport: ConnectTarget['subresource']['transport']): Response {
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
  // No client reads it: the runtime's own answer is on its way through the splice.
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
