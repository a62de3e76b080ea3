/**
 * A server on loopback for the processes that were given its address: other users of the machine can reach its port, but
 * the path is a secret. A request without it is refused, whatever it asks.
 */
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../../../functions/world.ts';

const pathBytes = 16;

export const secretPath = (random: Random): string => `/${Buffer.from(random.bytes(pathBytes)).toString('hex')}/`;

/** The server sees the request as one for the root. */
export function guarded(path: string, serve: RequestListener): RequestListener {
  const secret = Buffer.from(path);
  return (incoming, outgoing) => {
    const asked = Buffer.from(incoming.url ?? '');
    if (asked.length !== secret.length || !timingSafeEqual(asked, secret)) return refuse(incoming, outgoing);
    incoming.url = '/';
    serve(incoming, outgoing);
  };
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  const body = JSON.stringify({ __type: 'AccessDeniedException', message: 'AccessDeniedException' });
  outgoing.writeHead(403, { 'content-type': 'application/x-amz-json-1.1', connection: 'close' }).end(body);
}

export interface GuardedServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export const endpointOf = (server: Pick<Server, 'address'>, path: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

export async function startGuardedServer(random: Random, serve: RequestListener): Promise<GuardedServer> {
  const path = secretPath(random);
  const server = createServer(guarded(path, serve));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: endpointOf(server, path),
    async stop() {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}
