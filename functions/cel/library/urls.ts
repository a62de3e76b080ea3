/** Absolute URLs and paths. Source: apiserver, pkg/cel/library/urls.go; Go's net/url. */
import { EntryMap } from '../values/map.ts';
import { type CelValue, Failure } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';
import { OpaqueKind } from './opaque.ts';

interface Url {
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

const kind = new OpaqueKind<Url>('kubernetes.URL', (one, other) => one.text === other.text);

const grammar = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/su;

/** Why it cannot be read, if it cannot. */
export function urlProblem(text: string): string | undefined {
  const shown = `parse ${JSON.stringify(text)}: `;
  if (text === '') return `${shown}empty url`;
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/u.test(text)) return `${shown}net/url: invalid control character in URL`;
  const match = grammar.exec(text);
  const [, scheme, authority, path = ''] = match ?? [];
  if (match === null || (scheme === undefined && !text.startsWith('/'))) return `${shown}invalid URI for request`;
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/u.exec(`${authority ?? ''}${path}`)?.[0];
  if (bad !== undefined) return `${shown}invalid URL escape ${JSON.stringify(bad)}`;
  return authority === undefined ? undefined : hostProblem(shown, authority.replace(/^.*@/u, ''));
}

function hostProblem(shown: string, host: string): string | undefined {
  const port = /^(?:\[[^\]]*\]|[^:]*)(:.*)?$/u.exec(host)?.[1];
  if (port !== undefined && !/^:\d*$/u.test(port)) return `${shown}invalid port ${JSON.stringify(port)} after host`;
  const bad = /[ <>"]/u.exec(host)?.[0];
  return bad === undefined ? undefined : `${shown}invalid character ${JSON.stringify(bad)} in host name`;
}

function read(text: string): Url | Failure {
  const problem = urlProblem(text);
  if (problem !== undefined) return new Failure(`URL parse error during conversion from string: ${problem}`);
  const [, scheme = '', authority = '', path = '', query = ''] = grammar.exec(text) ?? [];
  return { text, scheme: scheme.toLowerCase(), host: authority.replace(/^.*@/u, ''), path, query };
}

const part =
  (of: (url: Url) => CelValue): CelFunction =>
  ([value]) => {
    const url = kind.unwrap(value);
    return url === undefined ? undefined : of(url);
  };

const hostname = ({ host }: Url): string => host.replace(/:\d*$/u, '').replace(/^\[(.*)\]$/u, '$1');
const port = ({ host }: Url): string => /:(\d*)$/u.exec(host.replace(/^\[.*\]/u, ''))?.[1] ?? '';

/** As Go writes a path that it has read. */
const escapedPath = ({ path }: Url): string =>
  path.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]/gu, (character) => encodeURIComponent(character));

function queryOf({ query }: Url): CelValue {
  const found = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const known = found.get(name);
    if (known === undefined) found.set(name, [value]);
    else known.push(value);
  }
  return EntryMap.of(found);
}

export const urls: Library = {
  url: ([text]) => {
    const url = typeof text === 'string' ? read(text) : undefined;
    return url === undefined || url instanceof Failure ? url : kind.wrap(url);
  },
  isURL: ([text]) => (typeof text === 'string' ? urlProblem(text) === undefined : undefined),
  getScheme: part(({ scheme }) => scheme),
  getHost: part(({ host }) => host),
  getHostname: part(hostname),
  getPort: part(port),
  getEscapedPath: part(escapedPath),
  getQuery: part(queryOf),
};
