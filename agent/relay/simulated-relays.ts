/** What a pretended container says: its log is one line, everything else is refused. */
import { relayStatusHeader, type RelayRequest } from '../../functions/kube/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { Log } from '../../functions/world.ts';
import type { Relays } from '../agent.ts';
import type { Transport } from '../transport.ts';

export interface SimulatedRelayOptions {
  readonly transport: Pick<Transport, 'openStream' | 'openConnection'>;
  readonly log: Log;
}

const refusal = (subresource: string): StatusError =>
  new StatusError(501, 'NotImplemented', `${subresource} is not supported: the pod runs on a simulated node, which has no containers`);

export function createSimulatedRelays({ transport, log }: SimulatedRelayOptions): Relays {
  const known = new Set<string>();
  const failed = (error: unknown): void => log.warn('a relay failed', { error });

  const refuse = async ({ id, subresource }: RelayRequest): Promise<void> => {
    const { socket } = await transport.openConnection(id);
    socket.on('error', failed);
    const error = refusal(subresource);
    const body = JSON.stringify(error.toStatus());
    socket.end(
      `HTTP/1.1 501 Not Implemented\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  };

  return {
    open(request) {
      if (known.has(request.id)) return;
      known.add(request.id);
      if (request.transport === 'upgrade') {
        refuse(request).catch(failed);
        return;
      }
      const isLog = request.subresource === 'log';
      const container = new URLSearchParams(request.query).get('container') ?? '';
      const headers: Record<string, string> = isLog
        ? { 'content-type': 'text/plain' }
        : { [relayStatusHeader]: '501', 'content-type': 'application/json' };
      const body = isLog
        ? `container ${container} of pod ${request.pod.name} is simulated\n`
        : JSON.stringify(refusal(request.subresource).toStatus());
      transport
        .openStream(request.id, headers)
        .on('error', failed)
        .on('response', (response) => response.resume())
        .end(body);
    },
  };
}
