/** Where others learn how to check the tokens of this cluster's ServiceAccounts. */
import { StatusError } from '../../kube/status-error.ts';
import type { Extension } from '../ports.ts';
import type { SigningKeys } from './keys.ts';
import { jsonWebKeySet, openIdConfiguration } from './keys.ts';
import { clusterIssuer } from './tokens.ts';

const jwksPath = '/openid/v1/jwks';
const configurationPath = '/.well-known/openid-configuration';
/** Source: pkg/routes/openidmetadata.go. */
const cacheSeconds = 3600;

interface Document {
  readonly prefix: string;
  readonly path: string;
  readonly contentType: string;
  /** The document for the host that the client named. */
  body(host: string): object;
}

function document({ prefix, path, contentType, body }: Document): Extension {
  return {
    prefix,
    async fetch({ info, url }) {
      if (info.path !== path || info.verb !== 'get')
        throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
      return new Response(JSON.stringify(body(url.host)), {
        headers: { 'content-type': contentType, 'cache-control': `public, max-age=${cacheSeconds}` },
      });
    },
  };
}

/** `apiUrl` is how clients reach the server, given the host that one of them has asked: `https://10.0.0.1:6443`. */
export const issuerDocuments = (keys: SigningKeys, apiUrl: (host: string) => string, issuer = clusterIssuer): readonly Extension[] => [
  document({ prefix: '/openid/v1/', path: jwksPath, contentType: 'application/jwk-set+json', body: () => jsonWebKeySet(keys) }),
  document({
    prefix: '/.well-known/',
    path: configurationPath,
    contentType: 'application/json',
    body: (host) => openIdConfiguration(keys, issuer, `${apiUrl(host)}${jwksPath}`),
  }),
];
