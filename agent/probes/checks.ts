/** One try of a probe. The messages are Go's, as `kubectl describe` shows them. Source: pkg/probe */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, HTTPGetAction } from '../../functions/kube/generated/types.ts';
import { probeUserAgent } from '../../functions/kube/kubernetes-version.ts';

export type CheckResult = { readonly outcome: 'success' } | { readonly outcome: 'failure'; readonly message: string };

export interface CheckTarget {
  readonly container: Container;
  readonly podIp: string;
  readonly timeoutMs: number;
}

const success: CheckResult = { outcome: 'success' };
const failure = (message: string): CheckResult => ({ outcome: 'failure', message });

/** A port by number, or by the name it has among the container's ports. 0: there is none of that name. */
export function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? (Number(port) || 0);
}

const goErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

function dialError(error: Error, host: string, port: number): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNRESET') return `read tcp ${host}:${port}: read: connection reset by peer`;
  const text = goErrors[code];
  return text === undefined ? `dial tcp ${host}:${port}: ${error.message}` : `dial tcp ${host}:${port}: connect: ${text}`;
}

function verdict(code: number): CheckResult {
  if (code >= 200 && code < 400) return success;
  return failure(`HTTP probe failed with statuscode: ${code}`);
}

export function httpGet(action: HTTPGetAction, target: CheckTarget): Promise<CheckResult> {
  const host = action.host === undefined || action.host === '' ? target.podIp : action.host;
  const port = portNumber(action.port, target.container);
  const isTls = action.scheme === 'HTTPS';
  const path = action.path === undefined || action.path === '' ? '/' : action.path;
  const url = `${isTls ? 'https' : 'http'}://${host}:${port}${path.startsWith('/') ? path : `/${path}`}`;
  const own = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]));
  const headers = { 'user-agent': probeUserAgent, accept: '*/*', connection: 'close', ...own };
  return new Promise((resolve) => {
    const send = isTls ? httpsRequest : httpRequest;
    const request = send(url, { headers, agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(target.timeoutMs) });
    request.on('response', (response) => {
      response.resume();
      response.on('error', (error) => resolve(failure(`Get "${url}": ${dialError(error, host, port)}`)));
      response.on('end', () => resolve(verdict(response.statusCode ?? 0)));
    });
    request.on('error', (error) => {
      const isTimeout = error.name === 'TimeoutError' || error.name === 'AbortError';
      const why = isTimeout ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)' : dialError(error, host, port);
      resolve(failure(`Get "${url}": ${why}`));
    });
    request.end();
  });
}

export function tcpConnect(host: string, port: number, timeoutMs: number): Promise<CheckResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (result: CheckResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => settle(failure(`dial tcp ${host}:${port}: i/o timeout`)));
    socket.on('connect', () => settle(success));
    socket.on('error', (error) => settle(failure(dialError(error, host, port))));
  });
}
