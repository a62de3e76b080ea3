/** What of a request's and an answer's head goes through a proxy. Source: Go, net/http/httputil (ReverseProxy) */
import { withoutSocketTokens } from '../auth/bearer-token.ts';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** Headers that are about one connection. */
const ofConnection = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Credentials are for the apiserver, which has read them. */
const keptBack = /^(authorization|impersonate-.*|x-remote-(user|uid|group|extra-.*))$/;
/** The proxied server does not decide about the apiserver's origin. */
const ofOrigin = /^access-control-allow-(credentials|headers|methods|origin)$/;

const namedByConnection = (value: string | null | undefined): Set<string> =>
  new Set(
    (value ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );

export function requestHeaders(
  headers: Headers,
  more: { readonly remoteAddress?: string; readonly isUpgrade: boolean },
): OutgoingHttpHeaders {
  const dropped = namedByConnection(headers.get('connection'));
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of headers) {
    if (ofConnection.has(name) || keptBack.test(name) || dropped.has(name)) continue;
    const kept = name === 'sec-websocket-protocol' ? withoutSocketTokens(value) : value;
    if (kept !== undefined) passed[name] = kept;
  }
  if (more.isUpgrade) Object.assign(passed, { connection: 'Upgrade', upgrade: headers.get('upgrade') ?? '' });
  if (more.remoteAddress !== undefined) {
    const before = headers.get('x-forwarded-for');
    passed['x-forwarded-for'] = before === null ? more.remoteAddress : `${before}, ${more.remoteAddress}`;
  }
  return passed;
}

export function answerHeaders({ rawHeaders, headers: { connection } }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>): Headers {
  const dropped = namedByConnection(connection);
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!ofConnection.has(name) && !ofOrigin.test(name) && !dropped.has(name)) headers.append(name, rawHeaders[index + 1] ?? '');
  }
  return headers;
}
