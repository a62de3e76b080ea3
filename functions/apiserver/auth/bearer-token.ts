/** The token that a request shows. Its headers are a stranger's: their length is checked first. */

/** Several times as long as the longest token that this cluster, or AWS, issues. */
const headerLengthMax = 16_384;
const scheme = 'bearer ';

/** Undefined: no token is shown. One that is longer than any is '', which no user has. */
export function bearerTokenOf(authorization: string | null): string | undefined {
  if (authorization === null) return undefined;
  const isTooLong = authorization.length > headerLengthMax;
  const text = (isTooLong ? authorization.slice(0, headerLengthMax) : authorization).trim();
  if (text.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
  if (isTooLong) return '';
  const token = text.slice(scheme.length).trim();
  return token === '' ? undefined : token;
}

const protocols = 'sec-websocket-protocol';
const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';

const splitProtocols = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/**
 * The token that a browser's WebSocket shows as one of its protocols, since it cannot send the header. Undefined: it shows
 * none. A token that stands alone, or twice, or is not well-formed is '', which no user has.
 * Source: apiserver, pkg/authentication/request/websocket/protocol.go.
 */
export function socketTokenOf(headers: Headers): string | undefined {
  const text = headers.get(protocols);
  if (text === null || headers.get('upgrade')?.toLowerCase() !== 'websocket') return undefined;
  if (text.length > headerLengthMax) return '';
  const all = splitProtocols(text);
  const [shown, ...more] = all.filter((name) => name.startsWith(protocolPrefix));
  if (shown === undefined) return undefined;
  return more.length > 0 || all.length === 1 ? '' : decoded(shown.slice(protocolPrefix.length));
}

function decoded(encoded: string): string {
  const bytes = Buffer.from(encoded, 'base64url');
  const token = bytes.toString('utf8');
  return bytes.toString('base64url') === encoded && Buffer.from(token).equals(bytes) ? token.trim() : '';
}

/** What of the protocols may be passed on: all but tokens. Undefined where nothing is left. */
export function withoutSocketTokens(text: string): string | undefined {
  const kept = splitProtocols(text).filter((name) => !name.startsWith(protocolPrefix));
  return kept.length === 0 ? undefined : kept.join(', ');
}
