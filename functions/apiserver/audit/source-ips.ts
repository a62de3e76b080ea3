/**
 * Where a request came from: what proxies report, and the other end of the connection. All but the last can be made up.
 * Source: apimachinery, pkg/util/net/http.go, SourceIPs.
 */
import { isIP } from 'node:net';

export function sourceIps(headers: Headers, remoteAddress: string | undefined): readonly string[] {
  const forwarded = (headers.get('x-forwarded-for') ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => isIP(text) !== 0);
  const real = headers.get('x-real-ip') ?? '';
  const known = isIP(real) !== 0 && !forwarded.includes(real) ? [...forwarded, real] : forwarded;
  const remote = (remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  return isIP(remote) !== 0 && known.at(-1) !== remote ? [...known, remote] : known;
}
