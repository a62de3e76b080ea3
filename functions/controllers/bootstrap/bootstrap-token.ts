/** Bootstrap tokens: Secrets of kube-system that let machines join. Source: cluster-bootstrap, token/util; pkg/controller/bootstrap/util.go. */
import type { Secret } from '../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../kube/object.ts';

export const tokenNamespace = 'kube-system';
const namePattern = /^bootstrap-token-([a-z0-9]{6})$/;

export const isBootstrapToken = (secret: Secret): boolean =>
  secret.type === 'bootstrap.kubernetes.io/token' && namespaceOf(secret) === tokenNamespace;

const field = ({ data }: Secret, name: string): string => Buffer.from(data?.[name] ?? '', 'base64').toString();

/** undefined: never. A time that cannot be read has passed. */
export function expiryMs(secret: Secret): number | undefined {
  const text = field(secret, 'expiration');
  if (text === '') return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 0 : ms;
}

export interface SigningToken {
  readonly id: string;
  readonly secret: string;
}

/** undefined: the token signs nothing. */
export function signingToken(secret: Secret, nowMs: number): SigningToken | undefined {
  const [, id] = namePattern.exec(nameOf(secret)) ?? [];
  const [tokenId, tokenSecret] = [field(secret, 'token-id'), field(secret, 'token-secret')];
  const isValid = id !== undefined && tokenId === id && tokenSecret !== '' && field(secret, 'usage-bootstrap-signing') === 'true';
  return isValid && (expiryMs(secret) ?? Infinity) > nowMs ? { id: tokenId, secret: tokenSecret } : undefined;
}
