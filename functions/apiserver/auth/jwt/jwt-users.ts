/** Who bearer tokens stand for that other issuers have signed. Loaded with the first token, where a cluster trusts such issuers. */
import { type CryptoKey, createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { loadExpressions } from '../../../cel/program.ts';
import type { JsonObject } from '../../../kube/object.ts';
import type { World } from '../../../world.ts';
import { ownField } from '../../../kube/own-field.ts';
import type { TokenUsers } from '../token-users.ts';
import { apiAudience } from '../tokens.ts';
import { claimSourceOf } from './distributed-claims.ts';
import type { FetchText } from './fetch-json.ts';
import { ClaimsRefused, identification, type Identify } from './identity.ts';
import { createIssuerKeys, type FetchJson, type IssuerKeys } from './issuer-keys.ts';
import type { IssuerSettings, JwtSettings } from './settings.ts';

export interface JwtUsersOptions {
  readonly jwt: readonly JwtSettings[];
  readonly fetchJson: FetchJson;
  /** Gets the tokens that distributed claims stand in. */
  readonly fetchText: FetchText;
  readonly world: Pick<World, 'clock' | 'log'>;
}

/** Source: apiserver, plugin/pkg/authenticator/token/oidc/oidc.go, allowedSigningAlgs. */
const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

/** Signs tokens whose signature, times and audience are checked. */
interface Issuer {
  readonly settings: IssuerSettings;
  readonly keys: IssuerKeys;
}

interface TrustedIssuer extends Issuer {
  readonly jwt: JwtSettings;
  readonly identify: Identify;
  /** Those that vouch for distributed claims, by URL. */
  readonly sources: Map<string, Issuer>;
}

/** Whose tokens hold distributed claims of one issuer's. */
const sourcesMax = 16;

export async function createJwtUsers({ jwt, fetchJson, fetchText, world: { clock, log } }: JwtUsersOptions): Promise<TokenUsers> {
  await loadExpressions();
  const issuerOf = (issuer: IssuerSettings): Issuer => {
    const failed = (error: unknown): void => log.warn('the keys of an issuer cannot be read', { issuer: issuer.url, error });
    return { settings: issuer, keys: createIssuerKeys({ issuer, fetchJson, clock, failed }) };
  };
  const issuers = new Map(
    jwt.map((settings): [string, TrustedIssuer] => [
      settings.issuer.url,
      { ...issuerOf(settings.issuer), jwt: settings, identify: identification(settings), sources: new Map() },
    ]),
  );

  async function claimsOf(token: string, { settings, keys }: Issuer): Promise<JsonObject | undefined> {
    const read = (set: JSONWebKeySet | undefined): Promise<JWTPayload | 'unsigned' | undefined> =>
      set === undefined ? Promise.resolve('unsigned') : verifiedClaims(token, set, { settings, nowMs: clock.now() });
    const known = await keys.current();
    const claims = await read(known);
    if (claims !== 'unsigned') return claims as JsonObject | undefined;
    const newer = await keys.renewed();
    const again = newer === known ? 'unsigned' : await read(newer);
    return again === 'unsigned' ? undefined : (again as JsonObject | undefined);
  }

  function sourceOf({ settings, sources }: TrustedIssuer, url: string): Issuer {
    const known = sources.get(url);
    if (known !== undefined) return known;
    if (sources.size >= sourcesMax) throw new ClaimsRefused(`more than ${sourcesMax} issuers vouch for its distributed claims`);
    const { discoveryURL: _own, ...others } = settings;
    return issuerOf({ ...others, url });
  }

  /** An issuer is kept once a token of it is verified: until then it is only a text that the token holds. */
  async function claimsOfSource(token: string, issuer: TrustedIssuer, url: string): Promise<JsonObject | undefined> {
    const source = sourceOf(issuer, url);
    const claims = await claimsOf(token, source);
    if (claims !== undefined) issuer.sources.set(url, source);
    return claims;
  }

  /** The claims with that of the groups, where it stands elsewhere. */
  async function expanded(claims: JsonObject, issuer: TrustedIssuer): Promise<JsonObject> {
    const { claim = '' } = issuer.jwt.claimMappings.groups ?? {};
    const source = claim === '' ? undefined : claimSourceOf(claims, claim);
    if (source === undefined) return claims;
    const { certificateAuthority = '' } = issuer.settings;
    const authority = certificateAuthority === '' ? undefined : certificateAuthority;
    const token = await fetchText(source.endpoint, { authority, accessToken: source.accessToken }).catch((cause: unknown) => {
      throw new ClaimsRefused(`while getting distributed claim ${JSON.stringify(claim)}: ${String(cause)}`, { cause });
    });
    const url = untrustedIssuer(token);
    const found = url === undefined ? undefined : await claimsOfSource(token, issuer, url);
    const value = found === undefined ? undefined : ownField(found, claim);
    if (value === undefined) throw new ClaimsRefused(`${source.endpoint} has no token with the claim ${JSON.stringify(claim)}`);
    return { ...claims, [claim]: value };
  }

  return {
    async userOf(token, asked = []) {
      if (asked.length > 0 && !asked.includes(apiAudience)) return undefined;
      const issuer = issuers.get(untrustedIssuer(token) ?? '');
      const claims = issuer === undefined ? undefined : await claimsOf(token, issuer);
      if (issuer === undefined || claims === undefined) return undefined;
      try {
        return { user: issuer.identify(await expanded(claims, issuer)), audiences: [apiAudience] };
      } catch (error) {
        if (!(error instanceof ClaimsRefused)) throw error;
        log.info('a signed token stands for no user', { issuer: issuer.settings.url, reason: error.message });
        return undefined;
      }
    },
  };
}

/** Before anything is verified: only to know whose keys to ask for. */
function untrustedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

interface Verification {
  readonly settings: IssuerSettings;
  readonly nowMs: number;
}

/** `unsigned`: none of these keys has signed it. Undefined: the token is over, too early, or for others. */
async function verifiedClaims(
  token: string,
  keys: JSONWebKeySet,
  { settings, nowMs }: Verification,
): Promise<JWTPayload | 'unsigned' | undefined> {
  const { url, audiences } = settings;
  const options = {
    algorithms,
    issuer: url,
    audience: [...audiences],
    currentDate: new Date(nowMs),
    requiredClaims: ['exp'],
  };
  try {
    const { payload } = await verifiedByAny(token, keys, options);
    return payload;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) return 'unsigned';
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

type VerifyOptions = Parameters<typeof jwtVerify>[2];

async function verifiedByAny(token: string, keys: JSONWebKeySet, options: VerifyOptions): Promise<{ payload: JWTPayload }> {
  try {
    return await jwtVerify(token, createLocalJWKSet(keys), options);
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifiedInTurn(token, error, options);
    throw error;
  }
}

/** An issuer may publish several keys of one kind without ids. */
async function verifiedInTurn(token: string, keys: AsyncIterable<CryptoKey>, options: VerifyOptions): Promise<{ payload: JWTPayload }> {
  for await (const key of keys) {
    const verified = await verifiedBy(key, token, options);
    if (verified !== undefined) return verified;
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** Undefined: the key has not signed it. */
async function verifiedBy(key: CryptoKey, token: string, options: VerifyOptions): Promise<{ payload: JWTPayload } | undefined> {
  try {
    return await jwtVerify(token, key, options);
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
    throw error;
  }
}
