/** The node's own door on its network: a kubelet's pages over TLS, for those whom the API lets in. */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { World } from '../../functions/world.ts';
import { TransportError } from '../poll.ts';
import type { NodePages } from '../relay/node-server.ts';
import { nap } from '../repeat.ts';
import type { DoorAccess } from './door-access.ts';
import type { ServingCertificate } from './serving-certificate.ts';

export interface NodeDoorOptions {
  readonly world: World;
  readonly address: string;
  readonly port: number;
  readonly certificate: ServingCertificate;
  readonly access: DoorAccess;
  readonly nodeServer: NodePages;
}

export interface NodeDoor {
  /** Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const plain = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
const listenAgainMs = 5_000;
const connectionsMax = 1000;
const tls = { minVersion: 'TLSv1.2' } as const;

interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** Undefined: he may. */
async function refusalOf(
  { access, world }: NodeDoorOptions,
  { method = '', url = '/', headers }: IncomingMessage,
): Promise<Refusal | undefined> {
  try {
    const admission = await access.admit(method === 'HEAD' ? 'GET' : method, url.split('?', 1)[0] ?? '/', headers.authorization);
    return admission.outcome === 'allowed' ? undefined : admission;
  } catch (error) {
    if (!(error instanceof StatusError || error instanceof TransportError)) throw error;
    world.log.warn('the API could not be asked who may come in', { error: error.message });
    return { code: 500, message: 'Internal Error' };
  }
}

async function serve(options: NodeDoorOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refusal = await refusalOf(options, request);
  if (refusal === undefined) return options.nodeServer.answer(request, response);
  response.writeHead(refusal.code, plain).end(`${refusal.message}\n`);
}

async function serveUpgrade(options: NodeDoorOptions, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const refusal = await refusalOf(options, request);
  if (refusal === undefined) return options.nodeServer.upgrade(request, socket, head);
  const body = `${refusal.message}\n`;
  socket.end(
    `HTTP/1.1 ${refusal.code} Refused\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function listen(server: Server, { address: host, port }: NodeDoorOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The port may still be another's, a kubelet's perhaps. */
async function listenSometime(server: Server, options: NodeDoorOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await listen(server, options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      options.world.log.warn('the door of the node cannot be opened; it is tried again', { error: error.message });
      await nap(options.world, listenAgainMs, signal);
    }
  }
}

export function createNodeDoor(options: NodeDoorOptions): NodeDoor {
  const { certificate, world } = options;
  const broken = (error: unknown): void => world.log.warn('a request at the door of the node broke', { error });
  return {
    async run(signal) {
      const { certificatePem: cert, keyPem: key } = certificate.current();
      const server = createServer({ ...tls, cert, key }, (request, response) => {
        serve(options, request, response).catch((error: unknown) => {
          broken(error);
          response.destroy();
        });
      });
      server.maxConnections = connectionsMax;
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => socket.destroy());
        serveUpgrade(options, request, socket, head).catch((error: unknown) => {
          broken(error);
          socket.destroy();
        });
      });
      await listenSometime(server, options, signal);
      const fresh = certificate.run((pair) => server.setSecureContext({ ...tls, cert: pair.certificatePem, key: pair.keyPem }), signal);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await fresh;
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
