/** The endpoint's TLS: HTTPS with the cluster's own authority on every address, in front of the Web Function. Knows no client certificates. */
import { once } from 'node:events';
import { ServerResponse, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { headBytesMax } from '../../../functions/apiserver/relay/upgrade-handler.ts';

export interface FrontDoorOptions {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly certificatePem: string;
  readonly keyPem: string;
  serve(request: IncomingMessage, response: ServerResponse): void;
}

export interface FrontDoor {
  readonly port: number;
  close(): Promise<void>;
}

export async function openFrontDoor({ addresses, certificatePem, keyPem, serve }: FrontDoorOptions): Promise<FrontDoor> {
  const servers: Server[] = [];
  const sockets = new Set<Duplex>();
  let port = 0;
  for (const address of addresses) {
    const server = createServer({ cert: certificatePem, key: keyPem, noDelay: true, maxHeaderSize: headBytesMax }, serve);
    server.requestTimeout = 0;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => serveWithoutUpgrade(request, socket, serve));
    server.on('secureConnection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.listen(address.port === 0 ? port : address.port, address.host);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  return {
    port,
    async close() {
      const closed = servers.map((server) => once(server.close(), 'close'));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** The function sees an ordinary request: its host strips what asks for an upgrade. */
function serveWithoutUpgrade(request: IncomingMessage, socket: Duplex, serve: FrontDoorOptions['serve']): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once('finish', () => socket.end());
  serve(request, response);
}
