/** Tokens that live in a Secret, without an end. Source: pkg/serviceaccount/legacy.go. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isTerminating, type KubeObject } from '../../kube/object.ts';
import { secrets, serviceAccounts } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { serviceAccountGroups, serviceAccountUserName } from './groups.ts';
import type { TokenUser } from './token-users.ts';
import { apiAudience } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Set where a token was not used for a long time. */
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** Takes as long for a near miss as for a far one. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

interface SecretTokenSources {
  readonly tokens: Pick<Tokens, 'verifySecretToken'>;
  find<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string, uid?: string): Promise<T | undefined>;
}

/** The Secret must still hold this very token. */
export async function secretTokenUser(token: string, { tokens, find }: SecretTokenSources): Promise<TokenUser | undefined> {
  const claims = await tokens.verifySecretToken(token);
  if (claims === undefined) return undefined;
  const { namespace, secretName, serviceAccount } = claims;
  const secret = await find(secrets, namespace, secretName);
  const account = await find(serviceAccounts, namespace, serviceAccount.name, serviceAccount.uid);
  if (secret === undefined || account === undefined || isTerminating(secret) || isTerminating(account)) return undefined;
  const kept = Buffer.from(secret.data?.['token'] ?? '', 'base64').toString('utf8');
  if (secret.metadata.labels?.[invalidSinceLabel] !== undefined || !sameText(kept, token)) return undefined;
  const name = serviceAccountUserName(namespace, serviceAccount.name);
  return { user: { name, uid: serviceAccount.uid, groups: serviceAccountGroups(namespace) }, audiences: [apiAudience] };
}
