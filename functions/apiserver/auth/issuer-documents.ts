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

function document(prefix: string, path: string, contentType: string, body: object): Extension {
  const text = JSON.stringify(body);
  return {
    prefix,
    async fetch({ info }) {
      if (info.path !== path || info.verb !== 'get')
        throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
      return new Response(text, { headers: { 'content-type': contentType, 'cache-control': `public, max-age=${cacheSeconds}` } });
    },
  };
}

/** `apiUrl` is how clients reach the server: `https://10.0.0.1:6443`. */
export const issuerDocuments = (keys: SigningKeys, apiUrl: string, issuer = clusterIssuer): readonly Extension[] => [
  document('/openid/v1/', jwksPath, 'application/jwk-set+json', jsonWebKeySet(keys)),
  document('/.well-known/', configurationPath, 'application/json', openIdConfiguration(keys, issuer, `${apiUrl}${jwksPath}`)),
];
