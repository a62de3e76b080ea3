/** One try of a probe. The messages are Go's, as `kubectl describe` shows them. Source: pkg/probe */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIPv6 } from 'node:net';
import type { Container, HTTPGetAction } from '../../functions/kube/generated/types.ts';
import { probeUserAgent } from '../../functions/kube/kubernetes-version.ts';

export type CheckResult =
  | { readonly outcome: 'success' }
  /** A success that is worth an event. */
  | { readonly outcome: 'warning'; readonly message: string }
  | { readonly outcome: 'failure'; readonly message: string }
  /** The check could not be made: it proves nothing about the container. */
  | { readonly outcome: 'error'; readonly state: 'failure' | 'unknown'; readonly message: string };

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

/** A number, or why there is none. Source: pkg/probe/util.go (ResolveContainerPort) */
export function probePort(port: number | string, container: Container): number | string {
  const found = typeof port === 'number' ? port : container.ports?.find(({ name }) => name === port)?.containerPort;
  if (found === undefined) return `port "${port}" not found`;
  return found > 0 && found < 65_536 ? found : `invalid port number: ${found}`;
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

interface HttpQuestion {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface HttpAnswer {
  readonly code: number;
  readonly location: string | undefined;
  readonly body: string;
}

const bodyBytesMax = 10 << 10;
const redirectsMax = 10;
const followed: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Rejects where no answer came. */
function askOnce({ url, headers, signal }: HttpQuestion): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, { headers, agent: false, rejectUnauthorized: false, signal });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const settle = (): void => {
        const body = Buffer.concat(chunks).subarray(0, bodyBytesMax).toString('utf8');
        resolve({ code: response.statusCode ?? 0, location: response.headers.location, body });
      };
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes < bodyBytesMax) return;
        settle();
        request.destroy();
      });
      response.on('end', settle);
    });
    request.end();
  });
}

function verdict({ code, body }: HttpAnswer): CheckResult {
  if (code >= 300 && code < 400) return { outcome: 'warning', message: `Probe terminated redirects, Response body: ${body}` };
  if (code >= 200 && code < 300) return success;
  return failure(`HTTP probe failed with statuscode: ${code}`);
}

function noAnswer(error: Error, url: URL): CheckResult {
  const isTimeout = error.name === 'TimeoutError' || error.name === 'AbortError';
  const timeout = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  return failure(`Get "${shown(url)}": ${isTimeout ? timeout : dialError(error, hostOf(url), portOf(url))}`);
}

const hostOf = ({ hostname }: URL): string => hostname.replaceAll(/^\[|\]$/g, '');
const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));
/** With its port, also where that is the scheme's own. */
const shown = (url: URL): string => `${url.protocol}//${url.hostname}:${portOf(url)}${url.pathname}${url.search}`;

/** Redirects are followed on the same host; one that leads elsewhere is a success with a warning. Source: pkg/probe/http/http.go */
async function follow(first: URL, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<CheckResult> {
  const signal = AbortSignal.timeout(timeoutMs);
  let question: HttpQuestion = { url: first, headers, signal };
  for (let redirects = 0; ; redirects += 1) {
    let answer: HttpAnswer;
    try {
      answer = await askOnce(question);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return noAnswer(error, question.url);
    }
    const { code, location } = answer;
    if (!followed.has(code) || location === undefined || !URL.canParse(location, question.url.href)) return verdict(answer);
    const next = new URL(location, question.url);
    if (next.hostname !== first.hostname) return verdict(answer);
    if (redirects + 1 >= redirectsMax) return failure(`Get "${location}": stopped after ${redirectsMax} redirects`);
    const { host: _first, ...others } = headers;
    question = { url: next, headers: URL.canParse(location) ? others : headers, signal };
  }
}

export async function httpGet(action: HTTPGetAction, target: CheckTarget): Promise<CheckResult> {
  const host = action.host === undefined || action.host === '' ? target.podIp : action.host;
  const port = probePort(action.port, target.container);
  if (typeof port === 'string') return { outcome: 'error', state: 'unknown', message: port };
  const scheme = action.scheme === 'HTTPS' ? 'https' : 'http';
  const path = action.path === undefined || action.path === '' ? '/' : action.path;
  const own = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]));
  const headers: Record<string, string> = { 'user-agent': probeUserAgent, accept: '*/*', connection: 'close', ...own };
  if (headers['accept'] === '') delete headers['accept'];
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return follow(new URL(`${scheme}://${authority}${path.startsWith('/') ? path : `/${path}`}`), headers, target.timeoutMs);
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
