/**
 * Signs and reads the tokens that this cluster issues: those of ServiceAccounts (with `kubernetes.io` claims, as in
 * the field) and those of nodes. Reading one proves who signed it and when it ends, nothing more: whether the
 * ServiceAccount still exists is the authenticator's question.
 */
import type { JWTPayload } from 'jose';
import type { Clock, Random } from '../../world.ts';
import type { SigningKeys } from './keys.ts';
import type * as Signatures from './signed-token.ts';
import type { VerifiedToken } from './signed-token.ts';
import { nodeUserName, serviceAccountUserName } from './groups.ts';
import { isJsonObject } from '../../kube/object.ts';

export const clusterIssuer = 'https://kubernetes.default.svc.cluster.local';
/** A token that names no audience is for the apiserver. */
export const apiAudience = clusterIssuer;
/** A node's token is good for nothing but being that node, here. */
export const nodeAudience = 'agent.hibernetes.dev';

export interface BoundReference {
  readonly name: string;
  readonly uid: string;
}

/** The `kubernetes.io` claim. Source: pkg/serviceaccount/claims.go. */
export interface ServiceAccountClaims {
  readonly namespace: string;
  readonly serviceaccount: BoundReference;
  readonly pod?: BoundReference;
  readonly secret?: BoundReference;
  readonly node?: BoundReference;
}

export interface IssueOptions {
  readonly audiences?: readonly string[];
  readonly expirationSeconds: number;
}

export interface NodeIssueOptions extends IssueOptions {
  readonly nodeUid?: string;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresMs: number;
}

/** The claims of a token that lives in a Secret. */
export interface SecretTokenClaims {
  readonly namespace: string;
  readonly serviceAccount: BoundReference;
  readonly secretName: string;
}

export interface Tokens {
  /** A token without an end, which the Secret named in it keeps. */
  issueSecretToken(claims: SecretTokenClaims): Promise<string>;
  /** Undefined: it is no such token of this issuer. */
  verifySecretToken(token: string): Promise<SecretTokenClaims | undefined>;
  issueServiceAccountToken(claims: ServiceAccountClaims, options: IssueOptions): Promise<IssuedToken>;
  /** With a uid it ends with that Node. */
  issueNodeToken(nodeName: string, options: NodeIssueOptions): Promise<IssuedToken>;
  /** Undefined: this issuer has not made it, or not for these audiences, or its time is over. */
  verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined>;
}

export interface TokenOptions {
  /** Where keys are replaced while the process lives, always the same array. */
  readonly keys: SigningKeys;
  /** Called before keys are used. `id`: of the key that a token names. */
  readonly refresh?: (id?: string) => Promise<void>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'uuid'>;
  readonly issuer?: string;
}

/** Signing and reading takes a library that users of IAM, and users with a certificate, never need. */
const signatures = (): Promise<typeof Signatures> => import('./signed-token.ts');

const asTheyAre = async (): Promise<void> => undefined;

export function createTokens({ keys, refresh = asTheyAre, clock, random, issuer = clusterIssuer }: TokenOptions): Tokens {
  async function sign(subject: string, claims: JWTPayload, options: IssueOptions): Promise<IssuedToken> {
    const nowSeconds = Math.floor(clock.now() / 1000);
    const expiresSeconds = nowSeconds + options.expirationSeconds;
    const { signedToken } = await signatures();
    await refresh();
    const audiences = options.audiences ?? [apiAudience];
    const token = await signedToken({ claims, issuer, subject, audiences, id: random.uuid(), nowSeconds, expiresSeconds }, keys[0]);
    return { token, expiresMs: expiresSeconds * 1000 };
  }

  return {
    async issueSecretToken({ namespace, serviceAccount: { name, uid }, secretName }) {
      const claims = {
        [secretClaims.namespace]: namespace,
        [secretClaims.secretName]: secretName,
        [secretClaims.name]: name,
        [secretClaims.uid]: uid,
      };
      const { signedSecretToken } = await signatures();
      await refresh();
      return signedSecretToken(claims, serviceAccountUserName(namespace, name), keys[0]);
    },
    async verifySecretToken(token) {
      const { verifiedSecretToken, keyIdOf } = await signatures();
      await refresh(keyIdOf(token));
      const claims = await verifiedSecretToken(token, keys);
      return claims === undefined ? undefined : secretTokenClaims(claims);
    },
    issueServiceAccountToken: (claims, options) =>
      sign(serviceAccountUserName(claims.namespace, claims.serviceaccount.name), { 'kubernetes.io': claims }, options),
    issueNodeToken(nodeName, { nodeUid, ...options }) {
      const claims = nodeUid === undefined ? {} : { 'kubernetes.io': { node: { name: nodeName, uid: nodeUid } } };
      return sign(nodeUserName(nodeName), claims, { audiences: [nodeAudience], ...options });
    },
    async verify(token, audiences) {
      const { verifiedToken, keyIdOf } = await signatures();
      await refresh(keyIdOf(token));
      return verifiedToken(token, audiences, { keys, issuer, nowMs: clock.now() });
    },
  };
}

/** Source: pkg/serviceaccount/legacy.go, legacyPrivateClaims. */
const secretClaims = {
  namespace: 'kubernetes.io/serviceaccount/namespace',
  secretName: 'kubernetes.io/serviceaccount/secret.name',
  name: 'kubernetes.io/serviceaccount/service-account.name',
  uid: 'kubernetes.io/serviceaccount/service-account.uid',
} as const;

function secretTokenClaims(claims: JWTPayload): SecretTokenClaims | undefined {
  const text = (claim: string): string => (typeof claims[claim] === 'string' ? claims[claim] : '');
  const [namespace, secretName] = [text(secretClaims.namespace), text(secretClaims.secretName)];
  const serviceAccount = { name: text(secretClaims.name), uid: text(secretClaims.uid) };
  const isWhole = [namespace, secretName, serviceAccount.name, serviceAccount.uid].every((value) => value !== '');
  return isWhole && claims.sub === serviceAccountUserName(namespace, serviceAccount.name)
    ? { namespace, secretName, serviceAccount }
    : undefined;
}

function reference(value: unknown): BoundReference | undefined {
  if (!isJsonObject(value) || typeof value['name'] !== 'string' || typeof value['uid'] !== 'string') return undefined;
  return { name: value['name'], uid: value['uid'] };
}

/** The Node with which a node's token ends; undefined when it ends by its time alone. */
export function boundNode({ claims }: VerifiedToken): BoundReference | undefined {
  const own = claims['kubernetes.io'];
  return isJsonObject(own) ? reference(own['node']) : undefined;
}

/** Undefined for tokens that are not a ServiceAccount's. */
export function serviceAccountClaims({ claims }: VerifiedToken): ServiceAccountClaims | undefined {
  const own = claims['kubernetes.io'];
  if (!isJsonObject(own) || typeof own['namespace'] !== 'string') return undefined;
  const serviceaccount = reference(own['serviceaccount']);
  if (serviceaccount === undefined) return undefined;
  const [pod, secret, node] = [reference(own['pod']), reference(own['secret']), reference(own['node'])];
  return {
    namespace: own['namespace'],
    serviceaccount,
    ...(pod === undefined ? {} : { pod }),
    ...(secret === undefined ? {} : { secret }),
    ...(node === undefined ? {} : { node }),
  };
}
