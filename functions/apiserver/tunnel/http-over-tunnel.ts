/** HTTP/1.1 through tunnels, with TLS where the other end speaks it. Connections are kept for the next request to the same end. */
import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type ClientRequestArgs,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { TunnelEnd, Tunnels } from './tunnels.ts';

export interface TunnelTls {
  /** The name that the other end's certificate must have. Left out: any certificate is accepted. */
  readonly serverName?: string;
  /** PEM. */
  readonly authority?: string;
  /** The certificate that the API shows to the server. */
  readonly certificatePem?: string;
  readonly keyPem?: string;
}

export interface TunnelRequest {
  readonly end: TunnelEnd;
  /** The settings of TLS; left out: the connection has none. */
  readonly tls?: TunnelTls;
  readonly method: string;
  /** The request's path with its query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Readable | Uint8Array;
  readonly signal: AbortSignal;
}

export type TunnelAnswer =
  | { readonly kind: 'answer'; readonly message: IncomingMessage }
  | { readonly kind: 'upgraded'; readonly message: IncomingMessage; readonly socket: Duplex; readonly head: Uint8Array };

export interface HttpOverTunnel {
  send(request: TunnelRequest): Promise<TunnelAnswer>;
}

/** What the agent's createConnection needs besides node's own options. */
interface TunnelArgs extends ClientRequestArgs {
  readonly tunnel: { readonly end: TunnelEnd; readonly tls: TunnelTls | undefined; readonly signal: AbortSignal };
}

type OnConnection = (error: Error | null, socket: Duplex) => void;

const idleMsMax = 15_000;
const idlePerEndMax = 8;
const tlsMsMax = 10_000;

export function secured(socket: Duplex, { serverName, authority, certificatePem, keyPem }: TunnelTls): Promise<Duplex> {
  const options: ConnectionOptions = {
    socket,
    ALPNProtocols: ['http/1.1'],
    ...(serverName === undefined ? { rejectUnauthorized: false } : { rejectUnauthorized: true, host: serverName }),
    ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificatePem === undefined ? {} : { cert: certificatePem }),
    ...(keyPem === undefined ? {} : { key: keyPem }),
  };
  return new Promise((resolve, reject) => {
    const secure = connectTls(options, () => {
      secure.setTimeout(0);
      secure.off('error', reject);
      resolve(secure);
    });
    secure.setTimeout(tlsMsMax, () => secure.destroy(new Error('net/http: TLS handshake timeout')));
    secure.once('error', reject);
    secure.once('close', () => {
      socket.destroy();
      reject(new Error('EOF'));
    });
  });
}

function destroyEnded(this: Duplex): void {
  this.destroy();
}

class TunnelAgent extends Agent {
  readonly #tunnels: Tunnels;

  constructor(tunnels: Tunnels) {
    super({ keepAlive: true, timeout: idleMsMax, maxFreeSockets: idlePerEndMax });
    this.#tunnels = tunnels;
  }

  override getName(options?: ClientRequestArgs): string {
    const { end, tls } = (options as TunnelArgs).tunnel;
    return JSON.stringify([end, tls ?? null]);
  }

  override createConnection(options: ClientRequestArgs, onConnection?: OnConnection): undefined {
    const { end, tls, signal } = (options as TunnelArgs).tunnel;
    this.#connect(end, tls, signal).then(
      (socket) => onConnection?.(null, socket),
      // Node reads no socket beside an error.
      (error: unknown) => onConnection?.(error instanceof Error ? error : new Error(String(error)), undefined as never),
    );
    return undefined;
  }

  /** One that the other end has ended takes no request any more, though bytes could still be sent to it. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (socket.readableEnded || socket.destroyed) return false;
    socket.once('end', destroyEnded);
    const isKept: unknown = super.keepSocketAlive(socket as Socket);
    return isKept !== false;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    socket.off('end', destroyEnded);
    super.reuseSocket(socket as Socket, request);
  }

  async #connect(end: TunnelEnd, tls: TunnelTls | undefined, signal: AbortSignal): Promise<Duplex> {
    const socket = await this.#tunnels.open(end, signal);
    return tls === undefined ? socket : secured(socket, tls);
  }
}

const isBroken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ECONNRESET', 'EPIPE'].includes(String(error.code));

export function createHttpOverTunnel(tunnels: Tunnels): HttpOverTunnel {
  const kept = new TunnelAgent(tunnels);

  function once(request: TunnelRequest, mayRetry: boolean): Promise<TunnelAnswer> {
    const { end, tls, method, path, headers, body, signal } = request;
    return new Promise((resolve, reject) => {
      const args: TunnelArgs = { agent: kept, method, path, headers, signal, tunnel: { end, tls, signal } };
      const call = httpRequest(args);
      call.once('response', (message) => resolve({ kind: 'answer', message }));
      call.once('upgrade', (message, socket, head) => resolve({ kind: 'upgraded', message, socket, head }));
      call.on('error', (error) => {
        // The other end closed a connection that was kept, before it saw the request.
        if (mayRetry && call.reusedSocket && isBroken(error)) once(request, false).then(resolve, reject);
        else reject(error);
      });
      if (body === undefined || body instanceof Uint8Array) call.end(body);
      else {
        body.once('error', (error) => call.destroy(error));
        body.pipe(call);
      }
    });
  }

  return { send: (request) => once(request, request.body === undefined || request.body instanceof Uint8Array) };
}
