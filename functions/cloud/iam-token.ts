/**
 * Tokens of `aws eks get-token`: a signed request to AWS's token service, whose answer names the signer. Here it is only
 * taken apart. A token is refused if it could lead to another server, or to another request of that service.
 * Source: aws-iam-authenticator, pkg/token/token.go.
 */

import { tokenServiceRegion } from './token-service.ts';

export const clusterIdHeader = 'x-k8s-aws-id';

export interface IamToken {
  /** What to ask: a GET with the cluster's id in its header. */
  readonly url: string;
  readonly expiresMs: number;
}

const prefix = 'k8s-aws-v1.';
const lengthMax = 4096;
const lifeMs = 15 * 60_000;
const expiresSecondsMax = 900;

/** Clocks of signers may be ahead by this. */
const aheadMsMax = 5 * 60_000;
const accessKey = /^[A-Z0-9]{16,128}$/;
const signature = /^[0-9a-f]{64}$/;
const parameters = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

export const isIamToken = (token: string): boolean => token.startsWith(prefix);

/** Undefined: not a token that proves anything, with any signature. */
export function readIamToken(token: string, nowMs: number): IamToken | undefined {
  if (!isIamToken(token) || token.length > lengthMax) return undefined;
  const text = Buffer.from(token.slice(prefix.length), 'base64url').toString('utf8');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isTokenService(url)) return undefined;
  const query = queryOf(url);
  if (query === undefined || query.get('action') !== 'GetCallerIdentity') return undefined;
  if (!(query.get('x-amz-signedheaders') ?? '').split(';').includes(clusterIdHeader)) return undefined;
  const expiresSeconds = Number(query.get('x-amz-expires') ?? 'none');
  if (!(expiresSeconds >= 0 && expiresSeconds <= expiresSecondsMax)) return undefined;
  const signedMs = dateMs(query.get('x-amz-date') ?? '');
  if (signedMs === undefined || nowMs > signedMs + lifeMs || signedMs > nowMs + aheadMsMax) return undefined;
  if (!isSigned(query, url.host)) return undefined;
  return { url: url.href, expiresMs: signedMs + lifeMs };
}

function isTokenService({ protocol, host, pathname, username, password, hash }: URL): boolean {
  return (
    protocol === 'https:' && tokenServiceRegion(host) !== undefined && pathname === '/' && username === '' && password === '' && hash === ''
  );
}

/** Whether it has the form of a signature for this host, day and service: what has not costs no question. */
function isSigned(query: ReadonlyMap<string, string>, host: string): boolean {
  const [key = '', day, region, service, end, ...more] = (query.get('x-amz-credential') ?? '').split('/');
  const isForHere = region === tokenServiceRegion(host) && service === 'sts' && end === 'aws4_request' && more.length === 0;
  const isOfDay = day === (query.get('x-amz-date') ?? '').slice(0, 8);
  return isForHere && isOfDay && accessKey.test(key) && signature.test(query.get('x-amz-signature') ?? '');
}

/** By lower-case name; undefined when a name is unknown or there twice. */
function queryOf(url: URL): ReadonlyMap<string, string> | undefined {
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const lower = name.toLowerCase();
    if (!parameters.has(lower) || query.has(lower)) return undefined;
    query.set(lower, value);
  }
  return query;
}

function dateMs(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const ms = Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
