/**
 * The one-machine host of the API: HTTPS on one or more addresses, all of them the same app. Clients may show a
 * certificate of the cluster's authority; upgraded connections (exec, port-forward) are handed to the app as sockets.
 */
import { createServer, type Server } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { createUpgradeHandler, headBytesMax, headCheckMs, headMsMax } from '../../functions/apiserver/relay/upgrade-handler.ts';
import { withPlainPaths } from '../../functions/apiserver/http/path-names.ts';
import type { Connection } from '../../functions/apiserver/ports.ts';
import type { Log } from '../../functions/world.ts';
import { createPacing, paceConnections } from './paced-connections.ts';

export interface ServedApp {
  fetch(request: Request, connection: Connection): Promise<Response>;
}

export interface HttpsOptions {
  readonly app: ServedApp;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly certificatePem: string;
  readonly keyPem: string;
  /** The authority whose client certificates are believed. */
  readonly caPem: string;
  readonly log: Log;
}

export interface HttpsServer {
  /** Where it answers, in the order of `addresses`, with the real ports. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  close(): Promise<void>;
}

/** Nothing of it changes while a connection is open: it has one handshake. Asking for the certificate takes long. */
const connections = new WeakMap<TLSSocket, Connection>();

function connectionOf(socket: TLSSocket): Connection {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  const connection = newConnection(socket);
  connections.set(socket, connection);
  return connection;
}

function newConnection(socket: TLSSocket): Connection {
  const certificate = socket.authorized ? socket.getPeerCertificate(false) : undefined;
  return {
    ...(certificate?.raw === undefined ? {} : { clientCertificate: certificate.raw }),
    ...(socket.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }),
  };
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<{ host: string; port: number }> {
  server.listen(port, host);
  await once(server, 'listening');
  return { host, port: (server.address() as AddressInfo).port };
}

export async function serveHttps({ app, addresses, certificatePem, keyPem, caPem, log }: HttpsOptions): Promise<HttpsServer> {
  // The listener's own Response, in place of the global one, writes texts without a stream for each.
  const listener = getRequestListener((request, env) => app.fetch(request, connectionOf(env.incoming.socket as TLSSocket)), {
    overrideGlobalObjects: true,
  });
  const onUpgrade = createUpgradeHandler({
    fetch: app.fetch,
    connectionOf: ({ socket }: IncomingMessage) => connectionOf(socket as TLSSocket),
    log,
  });
  const servers: Server[] = [];
  const pacing = createPacing(setImmediate);
  const sockets = new Set<Duplex>();
  const listening: { host: string; port: number }[] = [];
  for (const address of addresses) {
    const server = createServer({
      cert: certificatePem,
      key: keyPem,
      ca: caPem,
      requestCert: true,
      rejectUnauthorized: false,
      noDelay: true,
      pauseOnConnect: true,
      maxHeaderSize: headBytesMax,
      connectionsCheckingInterval: headCheckMs,
    });
    paceConnections(server, pacing);
    // The listener answers for its own failures.
    server.on('request', withPlainPaths(listener));
    // Watches last as long as their client likes; a request's own deadline is the app's concern.
    server.requestTimeout = 0;
    // A client that is slow to send its headers holds a connection for this long and no longer.
    server.headersTimeout = headMsMax;
    server.on('upgrade', onUpgrade);
    server.on('secureConnection', (socket) => {
      // TLS 1.3 knows no such thing, and its new keys would be taken for one.
      if (socket.getProtocol() !== 'TLSv1.3') socket.disableRenegotiation();
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    // The first address may ask for any port; the others then take the same.
    listening.push(await listen(server, { host: address.host, port: address.port === 0 ? (listening[0]?.port ?? 0) : address.port }));
    servers.push(server);
  }
  return {
    addresses: listening,
    async close() {
      const closed = servers.map((server) => once(server.close(), 'close'));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
