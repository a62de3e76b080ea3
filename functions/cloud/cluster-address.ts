/**
 * Which cluster a request is about: its path begins with `/clusters/NAME`, or its token names its issuer. Pods know the
 * API by an address that has no path. The token proves nothing before that cluster has verified it.
 */
import { bearerTokenOf } from '../apiserver/auth/bearer-token.ts';
import { clusterIssuer } from '../apiserver/auth/tokens.ts';

export interface Addressed {
  /** Undefined: the request names none. */
  readonly name: string | undefined;
  /** What is asked of the cluster, as if it were the only one. */
  readonly path: string;
}

const prefix = '/clusters/';

/** Where a cluster is found below the endpoint; the default one is there, too. */
export const clusterPath = (name: string): string => `${prefix}${name}`;

/** Who issues the tokens of a cluster. The default one is the one without a path. */
export const issuerOf = (name: string, isDefault: boolean): string => `${clusterIssuer}${isDefault ? '' : clusterPath(name)}`;

export function addressOf(pathname: string): Addressed {
  const match = /^\/clusters\/([^/]+)(\/.*)?$/.exec(pathname);
  return match === null ? { name: undefined, path: pathname } : { name: match[1], path: match[2] ?? '/' };
}

/** The cluster that the bearer token claims to be of. */
export function claimedCluster(authorization: string | null): string | undefined {
  const [, claims, signature, ...more] = (bearerTokenOf(authorization) ?? '').split('.');
  if (claims === undefined || signature === undefined || more.length > 0) return undefined;
  const issuer = issuerIn(Buffer.from(claims, 'base64url').toString('utf8'));
  return issuer?.startsWith(`${clusterIssuer}${prefix}`) === true ? issuer.slice(clusterIssuer.length + prefix.length) : undefined;
}

function issuerIn(text: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(text);
    return typeof claims === 'object' && claims !== null && 'iss' in claims && typeof claims.iss === 'string' ? claims.iss : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
