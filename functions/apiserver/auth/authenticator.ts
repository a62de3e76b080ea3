/**
 * Who is calling: a client certificate, else a bearer token. No credentials at all is an answer (undefined) where a
 * caller may be anonymous, wrong ones are a refusal. Every authenticated user is in system:authenticated.
 */
import type { Clock } from '../../world.ts';
import type { Authenticator } from '../ports.ts';
import { bearerTokenOf, socketTokenOf } from './bearer-token.ts';
import { userOfCertificate } from './certificate-user.ts';
import { unauthorized } from './forbidden-request.ts';
import { withAuthenticatedGroup } from './groups.ts';
import type { AnonymousSettings } from './jwt/settings.ts';
import { TokenRefused, type TokenUsers } from './token-users.ts';

export interface AuthenticatorOptions {
  readonly tokenUsers: TokenUsers;
  readonly clock: Pick<Clock, 'now'>;
  /** For which paths a caller needs no credentials; for all of them when left out. */
  readonly anonymous?: AnonymousSettings | undefined;
}

export function createAuthenticator({ tokenUsers, clock, anonymous }: AuthenticatorOptions): Authenticator {
  return {
    async authenticate(request, connection) {
      const certified = connection.clientCertificate === undefined ? undefined : userOfCertificate(connection.clientCertificate);
      if (certified !== undefined) {
        const { name, groups, untilMs } = certified;
        // Its connection may be older than its end.
        if (untilMs < clock.now()) throw unauthorized();
        return withAuthenticatedGroup({ name, groups });
      }
      const token = bearerTokenOf(request.headers.get('authorization')) ?? socketTokenOf(request.headers);
      if (token === undefined) {
        if (!mayBeAnonymous(request, anonymous)) throw unauthorized();
        return undefined;
      }
      const found = await unlessRefused(tokenUsers.userOf(token));
      if (found === undefined) throw unauthorized();
      return withAuthenticatedGroup(found.user);
    },
  };
}

/** Callers do not learn why. */
async function unlessRefused<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof TokenRefused) return undefined;
    throw error;
  }
}

/** Source: apiserver, pkg/authentication/request/anonymous/anonymous.go. */
function mayBeAnonymous({ url }: Request, anonymous: AnonymousSettings | undefined): boolean {
  if (anonymous === undefined) return true;
  const { enabled, conditions = [] } = anonymous;
  if (!enabled || conditions.length === 0) return enabled;
  const { pathname } = new URL(url);
  return conditions.some(({ path }) => path === pathname);
}
