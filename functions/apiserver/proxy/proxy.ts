/**
 * Passes a client's request on to a server behind a tunnel, upgrades too.
 * Source: apimachinery, pkg/util/proxy/upgradeaware.go
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { badRequest, StatusError } from '../../kube/status-error.ts';
import { mailedUpgradeHeader, withUpgrade } from '../../node-protocol/mailed-upgrade.ts';
import type { Clock } from '../../world.ts';
import type { ApiRequest } from '../ports.ts';
import { splice } from '../relay/splice.ts';
import type { HttpOverTunnel, TunnelTls } from '../tunnel/http-over-tunnel.ts';
import type { TunnelEnd } from '../tunnel/tunnels.ts';
import type { TunnelsByMail } from '../tunnel/tunnels-by-mail.ts';
import { proxiedAnswer } from './proxied-answer.ts';
import { requestHeaders } from './proxied-headers.ts';
import type { LinkPlace } from './rewritten-links.ts';

export interface ProxyTarget {
  readonly end: TunnelEnd;
  readonly tls?: TunnelTls;
  /** `address:port`, as links in pages may name it. */
  readonly host: string;
  /** Escaped, with the query. */
  readonly path: string;
  /** Where links lead; left out, answers pass as they are. */
  readonly links?: LinkPlace;
  /** Replace those of the client. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export interface ProxyOptions {
  readonly http: HttpOverTunnel;
  readonly clock: Pick<Clock, 'after'>;
  /** For clients that ask for an upgrade by way of the table. */
  readonly byMail: Pick<TunnelsByMail, 'answer'> | undefined;
}

const causeOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const unreachable = (error: unknown): StatusError =>
  new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${causeOf(error)}`, { cause: error });

const undialled = (error: unknown): StatusError =>
  new StatusError(500, 'InternalError', `error dialing backend: ${causeOf(error)}`, { cause: error });

const asksForUpgrade = (headers: Headers): boolean =>
  headers.has('upgrade') && /(^|,\s*)upgrade\s*(,|$)/i.test(headers.get('connection') ?? '');

/** What of a request is passed on. */
type ProxiedCall = Pick<ApiRequest, 'request' | 'connection' | 'user'>;

export async function proxied(options: ProxyOptions, call: ProxiedCall, target: ProxyTarget): Promise<Response> {
  const { request, connection } = call;
  const { byMail } = options;
  if (byMail !== undefined && request.headers.has(mailedUpgradeHeader)) return upgradedByMail(byMail, call, target);
  if (asksForUpgrade(request.headers)) return upgraded(options, call, target);
  const { remoteAddress } = connection;
  const headers = requestHeaders(request.headers, { isUpgrade: false, ...(remoteAddress === undefined ? {} : { remoteAddress }) });
  const body = request.body === null ? {} : { body: Readable.fromWeb(request.body as NodeStream) };
  const { method, signal } = request;
  const { end, tls, path } = target;
  try {
    const sent = { end, method, path, headers: { ...headers, ...target.headers }, ...body, signal, ...(tls === undefined ? {} : { tls }) };
    const { message } = await options.http.send(sent);
    return await proxiedAnswer(message, method, target.links);
  } catch (error) {
    throw unreachable(error);
  }
}

async function upgraded({ http, clock }: ProxyOptions, { request, connection }: ProxiedCall, target: ProxyTarget): Promise<Response> {
  if (connection.upgrade === undefined) throw badRequest('this server cannot upgrade connections');
  const { remoteAddress } = connection;
  const headers = requestHeaders(request.headers, { isUpgrade: true, ...(remoteAddress === undefined ? {} : { remoteAddress }) });
  const { end, tls, path } = target;
  const { method, signal } = request;
  const sent = { end, method, path, headers: { ...headers, ...target.headers }, signal, ...(tls === undefined ? {} : { tls }) };
  const answer = await http.send(sent).catch((error: unknown) => {
    throw undialled(error);
  });
  if (answer.kind === 'upgraded') {
    const client = connection.upgrade.take();
    client.socket.write(headOf(answer.message));
    splice(client, { socket: answer.socket, head: answer.head }, clock);
    return new Response(null, { status: 200 });
  }
  const { statusCode = 0 } = answer.message;
  if (statusCode >= 400) return proxiedAnswer(answer.message, method, undefined);
  answer.message.destroy();
  throw new StatusError(500, 'InternalError', `invalid upgrade response: status code ${statusCode}`);
}

/** The caller speaks to the server itself, and first sends what this proxy would have sent. */
async function upgradedByMail(
  byMail: Pick<TunnelsByMail, 'answer'>,
  { request, user, connection }: ProxiedCall,
  target: ProxyTarget,
): Promise<Response> {
  const { end, tls, path } = target;
  if (tls !== undefined) throw new StatusError(501, 'NotImplemented', 'functions carry upgraded connections to servers without TLS only');
  const { remoteAddress } = connection;
  const headers = requestHeaders(withUpgrade(request.headers), {
    isUpgrade: true,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  });
  const named = Object.entries({ ...headers, ...target.headers }).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
  const head = `${request.method} ${path} HTTP/1.1\r\n${named.join('\r\n')}\r\n\r\n`;
  return byMail.answer({
    user,
    nodeName: end.nodeName,
    request: (id) => ({ id, transport: 'tunnel', target: end.target }),
    head: Buffer.from(head, 'latin1').toString('base64'),
  });
}

function headOf({ statusCode = 101, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage ?? STATUS_CODES[statusCode] ?? ''}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
