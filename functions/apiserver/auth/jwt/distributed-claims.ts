/**
 * Where a claim stands that the token itself lacks: OpenID Connect Core, 5.6.2.
 * Source: apiserver, plugin/pkg/authenticator/token/oidc/oidc.go (claimResolver)
 */
import { isJsonObject, type Json, type JsonObject } from '../../../kube/object.ts';
import { ownField } from '../../../kube/own-field.ts';
import { ClaimsRefused } from './identity.ts';

/** Answers a GET with another token, which has the claim. */
export interface ClaimSource {
  readonly endpoint: string;
  /** '' for none. */
  readonly accessToken: string;
}

/** Undefined: the token has the claim, or names no such place. Throws a ClaimsRefused where it names one wrongly. */
export function claimSourceOf(claims: JsonObject, claim: string): ClaimSource | undefined {
  const names = ownField(claims, '_claim_names');
  if (ownField(claims, claim) !== undefined || names === undefined) return undefined;
  const [places, sources] = [objectOf(names, '_claim_names'), ownField(claims, '_claim_sources')];
  if (!Object.values(places).every((name) => typeof name === 'string')) throw new ClaimsRefused('a name in _claim_names is no string');
  if (sources === undefined) throw new ClaimsRefused('no claim sources');
  const place = ownField(places, claim);
  const known = objectOf(sources, '_claim_sources');
  if (typeof place !== 'string') return undefined;
  const source = ownField(known, place);
  if (source === undefined) throw new ClaimsRefused(`the token's _claim_sources lack ${place}`);
  const { endpoint, access_token: accessToken } = objectOf(source, place);
  // A claim may also be aggregated: the token of its own is beside it, which upstream does not read.
  return textOf(endpoint, 'endpoint') === ''
    ? undefined
    : { endpoint: textOf(endpoint, 'endpoint'), accessToken: textOf(accessToken, 'access_token') };
}

function objectOf(value: Json, name: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new ClaimsRefused(`${name} is no object`);
}

function textOf(value: Json | undefined, name: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new ClaimsRefused(`${name} is no string`);
}
