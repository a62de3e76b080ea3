/**
 * The API as a plain HTTP server: what a Web Function runs, and a container. TLS is its surroundings' affair, so there
 * are no client certificates.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createUpgradeHandler, headBytesMax, headCheckMs, headMsMax } from '../apiserver/relay/upgrade-handler.ts';
import { withPlainPaths } from '../apiserver/http/path-names.ts';
import type { Connection } from '../apiserver/ports.ts';
import type { Log } from '../world.ts';
import { boundedUrl } from './bounded-request.ts';

export interface WebHostOptions {
  readonly host: string;
  readonly port: number;
  fetch(request: Request, connection: Connection): Promise<Response>;
  /** No answer lasts longer here. Not limited when left out. */
  readonly requestSecondsMax?: number;
  /** The longest answer. Not limited when left out. */
  readonly answerBytesMax?: number;
  /** Whether sockets may be given away for exec and port-forward. */
  readonly upgrades: boolean;
  readonly log: Log;
}

export interface WebHost {
  readonly port: number;
  close(): Promise<void>;
}

/** For the last bookmark of a watch. */
const lastSeconds = 5;

const remoteOf = ({ socket: { remoteAddress } }: IncomingMessage): Connection => (remoteAddress === undefined ? {} : { remoteAddress });

function bounded(request: Request, secondsMax: number | undefined): Request {
  if (secondsMax === undefined) return request;
  const url = new URL(request.url);
  const wanted = boundedUrl(url, secondsMax - lastSeconds);
  return wanted === url ? request : new Request(wanted, request);
}

export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { host, port, requestSecondsMax, answerBytesMax, upgrades, log } = options;
  const connectionOf = (incoming: IncomingMessage): Connection => ({
    ...remoteOf(incoming),
    ...(answerBytesMax === undefined ? {} : { answerBytesMax }),
  });
  const listener = getRequestListener(
    (request, { incoming }) => options.fetch(bounded(request, requestSecondsMax), connectionOf(incoming as IncomingMessage)),
    // The listener’s own Response, in place of the global one, writes texts without a stream for each.
    { overrideGlobalObjects: true },
  );
  const server: Server = createServer(
    { noDelay: true, maxHeaderSize: headBytesMax, connectionsCheckingInterval: headCheckMs },
    withPlainPaths(listener),
  );
  server.requestTimeout = 0;
  // A client that is slow to send its request holds a connection for this long and no longer.
  server.headersTimeout = headMsMax;
  if (upgrades)
    server.on('upgrade', createUpgradeHandler({ fetch: (request, connection) => options.fetch(request, connection), connectionOf, log }));
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}
