/**
 * For hosts on node:http(s): turns an `upgrade` event into a request of the ordinary chain, which may take the socket.
 * A request that no endpoint takes gets its Response written on the socket.
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../../world.ts';
import type { Connection } from '../ports.ts';

export interface UpgradeHandlerOptions {
  fetch(request: Request, connection: Connection): Promise<Response>;
  /** What the host knows of the connection: certificate, address. */
  connectionOf(request: IncomingMessage): Connection;
  readonly log: Log;
}

/** The longest head of a request, as Go's server takes it: the arguments of an `exec` stand there. */
export const headBytesMax = 1 << 20;
/** How long a request's head may take, and how often the server checks. */
export const headMsMax = 10_000;
export const headCheckMs = 2_000;
/** An answer in place of an upgrade is a Status or a page of discovery. */
const answerBytesMax = 1 << 20;

function requestOf(message: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    headers.append(message.rawHeaders[index] ?? '', message.rawHeaders[index + 1] ?? '');
  }
  return new Request(`http://${message.headers.host ?? 'localhost'}${message.url ?? '/'}`, {
    method: message.method ?? 'GET',
    headers,
    signal,
  });
}

async function write(response: Response, socket: Duplex): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer()).subarray(0, answerBytesMax);
  const headers = new Headers(response.headers);
  headers.set('content-length', String(body.length));
  headers.set('connection', 'close');
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}\r\n${lines}\r\n`);
  socket.end(body);
}

export function createUpgradeHandler(options: UpgradeHandlerOptions): (message: IncomingMessage, socket: Duplex, head: Buffer) => void {
  async function serve(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const left = new AbortController();
    const leave = (): void => left.abort();
    socket.on('error', leave);
    socket.once('close', leave);
    let taken = false;
    const take = (): { socket: Duplex; head: Uint8Array } => {
      taken = true;
      socket.off('close', leave);
      return { socket, head };
    };
    const connection = { ...options.connectionOf(message), upgrade: { take } };
    const response = await options.fetch(requestOf(message, left.signal), connection);
    if (!taken && socket.writable) await write(response, socket);
  }

  return (message, socket, head) => {
    serve(message, socket, head).catch((error: unknown) => {
      options.log.error('upgrade failed', { error, path: message.url?.split('?')[0] });
      socket.destroy();
    });
  };
}
