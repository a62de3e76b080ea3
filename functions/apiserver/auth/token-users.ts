/**
 * Who a bearer token speaks for. A signature is not enough: the ServiceAccount, and the pod that a token is bound to,
 * must still be there with the same uid. So deleting one ends its tokens;
 * and so it is with a Node and the token that it was given.
 * Source: pkg/serviceaccount/claims.go (Validate), plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go.
 */
import type { Secret } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { groupResource, nodes, pods, secrets, serviceAccounts } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../world.ts';
import type { User } from '../ports.ts';
import { bootstrappersGroup, credentialIdKey, nodesGroup, serviceAccountGroups } from './groups.ts';
import { apiAudience, boundNode, nodeAudience, serviceAccountClaims } from './tokens.ts';
import type { VerifiedToken } from './signed-token.ts';
import { sameText, secretTokenUser } from './secret-tokens.ts';
import type { BoundReference, ServiceAccountClaims, Tokens } from './tokens.ts';

export interface StaticToken {
  readonly token: string;
  readonly user: User;
}

export interface TokenUser {
  /** The user, without system:authenticated, which the authenticator adds. */
  readonly user: User;
  readonly audiences: readonly string[];
}

/** A token belongs to no user, with a reason that a TokenReview shows. */
export class TokenRefused extends Error {
  override name = 'TokenRefused';
}

export interface TokenUsers {
  /** Undefined: the token belongs to no user. `audiences` empty means the apiserver's own. May throw a TokenRefused. */
  userOf(token: string, audiences?: readonly string[]): Promise<TokenUser | undefined>;
}

export interface TokenUserOptions {
  readonly store: Pick<Store, 'view' | 'fresh'>;
  readonly tokens: Tokens;
  readonly clock: Pick<Clock, 'now'>;
  /** Notes on a Secret that its token was used on this day; may take its time. */
  readonly noteUse?: (secret: Secret, date: string) => void;
  readonly staticTokens?: readonly StaticToken[];
}

const extraPrefix = 'authentication.kubernetes.io/';
const bootstrapPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
/** How often the log is asked about tokens that may be made up. A machine that joins tries again. */
const unknownEveryMs = 1_000;
const bootstrapType = 'bootstrap.kubernetes.io/token';
const bootstrapGroupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export function createTokenUsers({ store, tokens, clock, noteUse, staticTokens = [] }: TokenUserOptions): TokenUsers {
  let lookedMs = -Infinity;

  /** Asks memory first, and the log only for what memory does not have: it may have been made a moment ago elsewhere. */
  async function find<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string, uid?: string): Promise<T | undefined> {
    const key = { resource: groupResource(type), namespace, name };
    const fits = (object: KubeObject | undefined): boolean => object !== undefined && (uid === undefined || object.metadata.uid === uid);
    const known = store.view().get(key)?.object;
    const object = fits(known) ? known : (await store.fresh()).get(key)?.object;
    return fits(object) ? (object as T) : undefined;
  }

  const exists = async (type: ResourceType, namespace: string, bound: BoundReference | undefined): Promise<boolean> =>
    bound === undefined || (await find(type, namespace, bound.name, bound.uid)) !== undefined;

  async function serviceAccountUser(verified: VerifiedToken, claims: ServiceAccountClaims): Promise<User | undefined> {
    const { namespace, serviceaccount, pod, secret, node } = claims;
    const alive = await Promise.all([
      exists(serviceAccounts, namespace, serviceaccount),
      exists(pods, namespace, pod),
      exists(secrets, namespace, secret),
      // A node named beside a pod is where the pod ran; only a token bound to the node itself ends with it.
      pod === undefined ? exists(nodes, '', node) : true,
    ]);
    if (alive.includes(false)) return undefined;
    return {
      name: verified.subject,
      uid: serviceaccount.uid,
      groups: serviceAccountGroups(namespace),
      extra: {
        [credentialIdKey]: [`JTI=${verified.id}`],
        ...(pod === undefined ? {} : { [`${extraPrefix}pod-name`]: [pod.name], [`${extraPrefix}pod-uid`]: [pod.uid] }),
        ...(node === undefined ? {} : { [`${extraPrefix}node-name`]: [node.name], [`${extraPrefix}node-uid`]: [node.uid] }),
      },
    };
  }

  async function signedTokenUser(token: string, audiences: readonly string[]): Promise<TokenUser | undefined> {
    const verified = await tokens.verify(token, audiences);
    if (verified === undefined)
      return audiences.includes(apiAudience)
        ? secretTokenUser(token, { tokens, find, clock, ...(noteUse !== undefined && { noteUse }) })
        : undefined;
    const claims = serviceAccountClaims(verified);
    const isNode = claims === undefined && verified.audiences.includes(nodeAudience) && (await exists(nodes, '', boundNode(verified)));
    const user = claims === undefined ? undefined : await serviceAccountUser(verified, claims);
    const found = isNode ? { name: verified.subject, groups: [nodesGroup] } : user;
    return found === undefined ? undefined : { user: found, audiences: verified.audiences };
  }

  /** Anybody can make up an id, so the log is not asked about each that memory does not have. */
  async function bootstrapSecret(id: string): Promise<Secret | undefined> {
    const key = { resource: groupResource(secrets), namespace: 'kube-system', name: `bootstrap-token-${id}` };
    const known = store.view().get(key);
    const isDue = clock.now() - lookedMs >= unknownEveryMs;
    if (known === undefined && isDue) lookedMs = clock.now();
    return (known ?? (isDue ? (await store.fresh()).get(key) : undefined))?.object as Secret | undefined;
  }

  return {
    async userOf(token, asked = []) {
      const fixed = staticTokens.find((candidate) => sameText(candidate.token, token));
      const own = asked.length === 0 || asked.includes(apiAudience) ? [apiAudience] : [];
      if (fixed !== undefined) return own.length === 0 ? undefined : { user: fixed.user, audiences: own };
      const [, id, secretText] = bootstrapPattern.exec(token) ?? [];
      if (id === undefined || secretText === undefined)
        return signedTokenUser(token, asked.length > 0 ? asked : [apiAudience, nodeAudience]);
      const user = own.length === 0 ? undefined : bootstrapUser(await bootstrapSecret(id), { id, secretText, nowMs: clock.now() });
      return user === undefined ? undefined : { user, audiences: own };
    },
  };
}

interface ShownToken {
  readonly id: string;
  readonly secretText: string;
  readonly nowMs: number;
}

function bootstrapUser(secret: Secret | undefined, { id, secretText, nowMs }: ShownToken): User | undefined {
  if (secret === undefined || secret.type !== bootstrapType || secret.metadata.deletionTimestamp !== undefined) return undefined;
  const field = bootstrapFields(secret);
  const expires = field('expiration');
  if (field('token-id') !== id || !sameText(field('token-secret'), secretText)) return undefined;
  // A time that cannot be read has passed.
  if (expires !== '' && !(Date.parse(expires) > nowMs)) return undefined;
  if (field('usage-bootstrap-authentication') !== 'true') return undefined;
  const text = field('auth-extra-groups');
  const extraGroups = text === '' ? [] : text.split(',');
  // A token that claims a group which is not its own belongs to no user.
  if (!extraGroups.every((group) => bootstrapGroupPattern.test(group))) return undefined;
  return { name: `system:bootstrap:${id}`, groups: [bootstrappersGroup, ...extraGroups] };
}

const bootstrapFields =
  (secret: Secret) =>
  (name: string): string =>
    Buffer.from(secret.data?.[name] ?? '', 'base64').toString('utf8');
