/** Makes and reads JSON web tokens: the only file that loads the library for them, and so itself loaded when it is needed. */
import { SignJWT, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { SigningKey, SigningKeys } from './keys.ts';

export interface TokenContent {
  readonly claims: JWTPayload;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly id: string;
  readonly nowSeconds: number;
  readonly expiresSeconds: number;
}

export const signedToken = (content: TokenContent, { algorithm, id, privateKey }: SigningKey): Promise<string> =>
  new SignJWT(content.claims)
    .setProtectedHeader({ alg: algorithm, kid: id })
    .setIssuer(content.issuer)
    .setSubject(content.subject)
    .setAudience([...content.audiences])
    .setIssuedAt(content.nowSeconds)
    .setNotBefore(content.nowSeconds)
    .setExpirationTime(content.expiresSeconds)
    .setJti(content.id)
    .sign(privateKey);

export interface VerifiedToken {
  readonly subject: string;
  readonly id: string;
  /** Those of the asked ones that the token was made for; never empty. */
  readonly audiences: readonly string[];
  readonly claims: JWTPayload;
}

export interface Verification {
  readonly keys: SigningKeys;
  readonly issuer: string;
  readonly nowMs: number;
}

/** The id of the key that the token names in its header. */
export function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Undefined: no key of these has signed it, or not for these audiences, or its time is over. */
export async function verifiedToken(
  token: string,
  audiences: readonly string[],
  { keys, issuer, nowMs }: Verification,
): Promise<VerifiedToken | undefined> {
  try {
    const { kid } = decodeProtectedHeader(token);
    const key = keys.find(({ id }) => id === kid);
    if (key === undefined) return undefined;
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [key.algorithm],
      issuer,
      audience: [...audiences],
      currentDate: new Date(nowMs),
      requiredClaims: ['sub', 'exp', 'aud'],
    });
    const of = [payload.aud ?? []].flat();
    return {
      subject: payload.sub ?? '',
      id: payload.jti ?? '',
      audiences: audiences.filter((audience) => of.includes(audience)),
      claims: payload,
    };
  } catch (error) {
    // jose reports "not a token" with a TypeError, and everything that is wrong with a token with a JOSEError.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The issuer of tokens that live in a Secret: they have no end and no audience. Source: pkg/serviceaccount/legacy.go. */
const secretIssuer = 'kubernetes/serviceaccount';

export const signedSecretToken = (claims: JWTPayload, subject: string, { algorithm, id, privateKey }: SigningKey): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: id }).setIssuer(secretIssuer).setSubject(subject).sign(privateKey);

/** Undefined: no key of these has signed it, or it is another kind of token. */
export async function verifiedSecretToken(token: string, keys: SigningKeys): Promise<JWTPayload | undefined> {
  try {
    const { kid } = decodeProtectedHeader(token);
    const key = keys.find(({ id }) => id === kid);
    if (key === undefined) return undefined;
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [key.algorithm],
      issuer: secretIssuer,
      requiredClaims: ['sub'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
