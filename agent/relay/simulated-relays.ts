/** The relays of a simulated node: a container's log is one line, everything else is refused. */
import { relayStatusHeader, type ContainerRelay } from '../../functions/node-protocol/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { World } from '../../functions/world.ts';
import type { Relays } from '../agent.ts';
import type { Transport } from '../transport.ts';
import { createLogMailer } from './log-mailer.ts';
import type { NodeServer } from './node-server.ts';
import { createMailedTunnels } from './mailed-tunnels.ts';
import { createReach, createTunnels } from './tunnel.ts';

export interface SimulatedRelayOptions {
  readonly world: World;
  readonly transport: Pick<Transport, 'openStream' | 'openConnection' | 'sendChunk' | 'sendEntry' | 'listen'>;
  readonly nodeServer: NodeServer;
  /** Aborts when relayed connections are to end. */
  readonly signal: AbortSignal;
}

const refusal = (subresource: string): StatusError =>
  new StatusError(501, 'NotImplemented', `${subresource} is not supported: the pod runs on a simulated node, which has no containers`);

const logText = ({ query, pod }: ContainerRelay): string =>
  `container ${new URLSearchParams(query).get('container') ?? ''} of pod ${pod.name} is simulated\n`;

async function* logOf(request: ContainerRelay): AsyncGenerator<Buffer> {
  yield Buffer.from(logText(request));
}

export function createSimulatedRelays(options: SimulatedRelayOptions): Relays {
  const { transport, world } = options;
  const known = new Set<string>();
  const failed = (error: unknown): void => world.log.warn('a relay failed', { error });
  const mailer = createLogMailer(options);
  const reach = createReach({ ...options, hasNoPorts: true });
  const tunnel = createTunnels({ ...options, reach, log: world.log });
  const mailed = createMailedTunnels({
    ...options,
    async connect(request) {
      if (request.transport === 'tunnel') return reach(request.target);
      throw refusal(request.subresource);
    },
  });

  const refuse = async ({ id, subresource }: ContainerRelay): Promise<void> => {
    const { socket } = await transport.openConnection(id);
    socket.on('error', failed);
    const error = refusal(subresource);
    const body = JSON.stringify(error.toStatus());
    socket.end(
      `HTTP/1.1 501 Not Implemented\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  };

  return {
    listen: mailed.listen,
    open(request) {
      if (request.transport === 'mail') return mailed.announced();
      if (known.has(request.id)) return;
      known.add(request.id);
      if (request.transport === 'tunnel') {
        tunnel(request).catch(failed);
        return;
      }
      if (request.transport === 'upgrade') {
        refuse(request).catch(failed);
        return;
      }
      if (request.transport === 'mailbox') {
        mailer.send(request, async () => logOf(request)).catch(failed);
        return;
      }
      const isLog = request.subresource === 'log';
      const headers: Record<string, string> = isLog
        ? { 'content-type': 'text/plain' }
        : { [relayStatusHeader]: '501', 'content-type': 'application/json' };
      const body = isLog ? logText(request) : JSON.stringify(refusal(request.subresource).toStatus());
      transport
        .openStream(request.id, headers)
        .on('error', failed)
        .on('response', (response) => response.resume())
        .end(body);
    },
  };
}
