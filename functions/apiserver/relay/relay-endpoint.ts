/**
 * Where agents dial back: `POST relays/{id}` with a stream's bytes, `GET relays/{id}` to have a connection joined,
 * `relays/{id}/chunks` by mail.
 */
import { agentGroup, relayProtocol } from '../../node-protocol/node-poll.ts';
import { StatusError, badRequest, notFound } from '../../kube/status-error.ts';
import { nodeOf } from '../auth/groups.ts';
import type { ApiRequest, Upgrade } from '../ports.ts';
import type { AgentConnection, RelayHub } from './relay-hub.ts';

const relays = { group: agentGroup, resource: 'relays' };

const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${relayProtocol}\r\n\r\n`;

function agentConnection(upgrade: Upgrade, onTaken: () => void): AgentConnection {
  return {
    transport: 'upgrade',
    take() {
      const taken = upgrade.take();
      taken.socket.write(switching);
      onTaken();
      return taken;
    },
  };
}

/** Answers an agent: when the client has all it wanted, or at once when it wants nothing. */
export async function answerRelay(hub: RelayHub, { request, info, user, connection }: ApiRequest): Promise<Response> {
  const nodeName = nodeOf(user);
  // Only the node that was asked may answer; for anyone else the relay does not exist.
  if (nodeName === undefined) throw notFound(relays, info.name);
  if (request.method === 'GET') {
    if (request.headers.get('upgrade')?.toLowerCase() !== relayProtocol) throw badRequest('Upgrade request required');
    if (connection.upgrade === undefined) throw new StatusError(501, 'NotImplemented', 'this server cannot carry connections');
    // The host checks whether the socket was taken as soon as we return.
    const taken = Promise.withResolvers<void>();
    if (!hub.answer(info.name, nodeName, agentConnection(connection.upgrade, taken.resolve))) throw notFound(relays, info.name);
    await taken.promise;
    return new Response(null, { status: 200 });
  }
  if (request.method !== 'POST')
    throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  const finished = Promise.withResolvers<void>();
  if (!hub.answer(info.name, nodeName, { transport: 'stream', request, finish: () => finished.resolve() }))
    throw notFound(relays, info.name);
  await finished.promise;
  return new Response(null, { status: 204, headers: { connection: 'close' } });
}
