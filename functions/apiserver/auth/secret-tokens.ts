/** Tokens that live in a Secret, without an end. Source: pkg/serviceaccount/legacy.go. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../kube/generated/types.ts';
import { isTerminating, type KubeObject } from '../../kube/object.ts';
import { secrets, serviceAccounts } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { Client } from '../../client/client.ts';
import type { Clock, Log } from '../../world.ts';
import { serviceAccountGroups, serviceAccountUserName } from './groups.ts';
import type { TokenUser } from './token-users.ts';
import { apiAudience } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Set where a token was not used for a long time. */
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
const dayMs = 24 * 3_600_000;

/** Takes as long for a near miss as for a far one. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

interface SecretTokenSources {
  readonly clock: Pick<Clock, 'now'>;
  /** Notes on the Secret that its token was used on this day. */
  readonly noteUse?: (secret: Secret, date: string) => void;
  readonly tokens: Pick<Tokens, 'verifySecretToken'>;
  find<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string, uid?: string): Promise<T | undefined>;
}

/** The Secret must still hold this very token. */
export async function secretTokenUser(token: string, { tokens, find, clock, noteUse }: SecretTokenSources): Promise<TokenUser | undefined> {
  const claims = await tokens.verifySecretToken(token);
  if (claims === undefined) return undefined;
  const { namespace, secretName, serviceAccount } = claims;
  const secret = await find(secrets, namespace, secretName);
  const account = await find(serviceAccounts, namespace, serviceAccount.name, serviceAccount.uid);
  if (secret === undefined || account === undefined || isTerminating(secret) || isTerminating(account)) return undefined;
  const kept = Buffer.from(secret.data?.['token'] ?? '', 'base64').toString('utf8');
  if (secret.metadata.labels?.[invalidSinceLabel] !== undefined || !sameText(kept, token)) return undefined;
  const dates = [clock.now(), clock.now() + dayMs].map((ms) => new Date(ms).toISOString().slice(0, 10));
  // A clock elsewhere may be in the next day already.
  if (!dates.includes(secret.metadata.labels?.[lastUsedLabel] ?? '')) noteUse?.(secret, dates[0] ?? '');
  const name = serviceAccountUserName(namespace, serviceAccount.name);
  return { user: { name, uid: serviceAccount.uid, groups: serviceAccountGroups(namespace) }, audiences: [apiAudience] };
}

/** Does not wait: who signs in is not kept waiting, and a note that is lost is written with the next use. */
export function noteUse(secret: Secret, date: string, { client, log }: { readonly client: Client; readonly log: Log }): void {
  const { namespace = '', name = '', uid } = secret.metadata;
  client
    .patch(secrets, { namespace, name }, { metadata: { uid, labels: { [lastUsedLabel]: date } } })
    .catch((error: unknown) => log.warn('the use of a token could not be noted', { namespace, name, error }));
}
