/** A connection to a port, as an agent or the API dials it for a client: what fails reaches the client in the words of Go. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { StatusError } from '../kube/status-error.ts';

const connectMsMax = 10_000;

/** What Go's dialer reports for an error number. */
const goWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'connect: connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
  EINVAL: 'connect: invalid argument',
};

const addressText = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

export const unreachable = (host: string, port: number, code: string): StatusError =>
  new StatusError(503, 'ServiceUnavailable', `dial tcp ${addressText(host, port)}: ${goWords[code] ?? code}`);

/** Resolves with the connection, which ends when the signal aborts. Throws a StatusError with the words of Go's dialer. */
export function dial(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  const cancelled = (): StatusError => unreachable(host, port, 'operation was canceled');
  if (signal.aborted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, allowHalfOpen: true, timeout: connectMsMax });
    const fail = (code: string): void => {
      socket.destroy();
      reject(unreachable(host, port, code));
    };
    const leave = (): void => void socket.destroy();
    signal.addEventListener('abort', leave, { once: true });
    socket.once('close', () => {
      signal.removeEventListener('abort', leave);
      reject(cancelled());
    });
    const onError = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message);
    socket.once('error', onError);
    socket.once('timeout', () => fail('ETIMEDOUT'));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.off('error', onError);
      resolve(socket);
    });
  });
}
