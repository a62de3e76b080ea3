/**
 * Whose bearer tokens others vouch for: issuers first, as their tokens show by themselves whose they are, then a webhook. Loaded with
 * the first token that this cluster has not made.
 */
import type { World } from '../../world.ts';
import type { AuthenticationSettings } from './jwt/settings.ts';
import type { TokenUsers } from './token-users.ts';

export async function createVouchedUsers({ jwt, tokenWebhook }: AuthenticationSettings, world: World): Promise<TokenUsers> {
  const [issuers, webhook] = await Promise.all([
    jwt.length === 0 ? undefined : usersOfIssuers(jwt, world),
    tokenWebhook === undefined ? undefined : usersOfWebhook(tokenWebhook, world),
  ]);
  return {
    userOf: async (token, audiences) => (await issuers?.userOf(token, audiences)) ?? webhook?.userOf(token, audiences),
  };
}

async function usersOfIssuers(jwt: AuthenticationSettings['jwt'], world: World): Promise<TokenUsers> {
  const [{ createJwtUsers }, { fetchJson, fetchText }] = await Promise.all([import('./jwt/jwt-users.ts'), import('./jwt/fetch-json.ts')]);
  return createJwtUsers({ jwt, fetchJson, fetchText, world });
}

async function usersOfWebhook(settings: NonNullable<AuthenticationSettings['tokenWebhook']>, world: World): Promise<TokenUsers> {
  const [{ createWebhookUsers }, { createPostReview }] = await Promise.all([
    import('./token-webhook/webhook-users.ts'),
    import('./review/post-review.ts'),
  ]);
  return createWebhookUsers({ settings, post: createPostReview(), world });
}
