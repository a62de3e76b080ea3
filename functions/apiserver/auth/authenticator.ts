/**
 * Who is calling: a client certificate, else a bearer token. No credentials at all is an answer (undefined), wrong ones
 * are a refusal. Everyone who is someone is in system:authenticated.
 */
import type { Authenticator } from '../ports.ts';
import { bearerTokenOf, socketTokenOf } from './bearer-token.ts';
import { userOfCertificate } from './certificate-user.ts';
import { unauthorized } from './forbidden-request.ts';
import { withAuthenticatedGroup } from './groups.ts';
import type { TokenUsers } from './token-users.ts';

export function createAuthenticator(tokenUsers: TokenUsers): Authenticator {
  return {
    async authenticate(request, connection) {
      const certified = connection.clientCertificate === undefined ? undefined : userOfCertificate(connection.clientCertificate);
      if (certified !== undefined) return withAuthenticatedGroup(certified);
      const token = bearerTokenOf(request.headers.get('authorization')) ?? socketTokenOf(request.headers);
      if (token === undefined) return undefined;
      const found = await tokenUsers.userOf(token);
      if (found === undefined) throw unauthorized();
      return withAuthenticatedGroup(found.user);
    },
  };
}
