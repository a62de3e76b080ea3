/**
 * The public keys of an issuer, as it publishes them: asked for with the first token, again for a token that none of them
 * has signed, and now and then. Source: OpenID Connect Discovery 1.0, 4.
 */
import type { JSONWebKeySet } from 'jose';
import type { Clock } from '../../../world.ts';
import type { IssuerSettings } from './settings.ts';
import { isJsonObject } from '../../../kube/object.ts';

/** GETs a JSON document over HTTPS; rejects without one. `authority`: PEM. */
export type FetchJson = (url: string, authority: string | undefined) => Promise<unknown>;

export interface IssuerKeys {
  /** Undefined: the issuer has published none that could be read. */
  current(): Promise<JSONWebKeySet | undefined>;
  /** Those that it publishes now, which are the current ones if it was asked a moment ago. */
  renewed(): Promise<JSONWebKeySet | undefined>;
}

export interface IssuerKeysOptions {
  readonly issuer: IssuerSettings;
  readonly fetchJson: FetchJson;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Hears why there are no keys. */
  readonly failed: (error: unknown) => void;
}

/** Made-up tokens do not make it ask more often. */
const askEveryMs = 10_000;
/** Tokens of a key that is no longer published end with it. */
const keysAgeMaxMs = 10 * 60_000;
const wellKnownPath = '/.well-known/openid-configuration';

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  isJsonObject(value) && Array.isArray(value['keys']) && value['keys'].every(isJsonObject);

const discoveryUrlOf = ({ url, discoveryURL = '' }: IssuerSettings): string =>
  discoveryURL === '' ? `${url.endsWith('/') ? url.slice(0, -1) : url}${wellKnownPath}` : discoveryURL;

async function publishedKeys({ issuer, fetchJson }: IssuerKeysOptions): Promise<JSONWebKeySet> {
  const { url, certificateAuthority = '' } = issuer;
  const authority = certificateAuthority === '' ? undefined : certificateAuthority;
  const described = await fetchJson(discoveryUrlOf(issuer), authority);
  if (!isJsonObject(described) || described['issuer'] !== url) throw new Error('the issuer describes itself under another URL');
  const keysUrl = described['jwks_uri'];
  if (typeof keysUrl !== 'string' || !keysUrl.startsWith('https://'))
    throw new Error('the issuer names no place of its keys that https reaches');
  const keys = await fetchJson(keysUrl, authority);
  if (!isKeySet(keys)) throw new Error('the issuer publishes no set of keys');
  return keys;
}

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { clock, failed } = options;
  let keys: JSONWebKeySet | undefined;
  let [askedMs, gotMs] = [-Infinity, -Infinity];
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    askedMs = clock.monotonicMs();
    try {
      keys = await publishedKeys(options);
      gotMs = clock.monotonicMs();
    } catch (error) {
      failed(error);
    } finally {
      asking = undefined;
    }
  }

  async function renewed(): Promise<JSONWebKeySet | undefined> {
    if (asking === undefined && clock.monotonicMs() - askedMs >= askEveryMs) asking = ask();
    await asking;
    return keys;
  }

  return {
    renewed,
    current: async () => (keys === undefined || clock.monotonicMs() - gotMs > keysAgeMaxMs ? renewed() : keys),
  };
}
