/** Bearer tokens that the deployment itself names. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { StaticToken, TokenUsers } from '../apiserver/auth/token-users.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export function createStaticUsers(tokens: readonly StaticToken[]): TokenUsers {
  const known = tokens.map(({ token, user }) => ({ hash: digest(token), user }));
  return {
    async userOf(token, audiences = []) {
      const hash = digest(token);
      const found = audiences.length === 0 ? known.find((candidate) => timingSafeEqual(candidate.hash, hash)) : undefined;
      return found === undefined ? undefined : { user: found.user, audiences: [] };
    },
  };
}
