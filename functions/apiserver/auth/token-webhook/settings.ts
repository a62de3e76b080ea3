/** What is kept of the choice of a webhook that knows bearer tokens. Plain data, the key to its server included. */
import type { ClusterAccess } from '../../../client/https-fetch.ts';
import { ConfigurationError } from '../../../kube/configuration/configuration-error.ts';
import { parseDuration } from '../../../kube/duration.ts';

export interface TokenWebhookSettings {
  readonly access: ClusterAccess;
  readonly reviewVersion: ReviewVersion;
  /** How long an answer is kept, be the token known or not; 0: it is not. */
  readonly keptMs: number;
}

const reviewVersions = ['v1', 'v1beta1'] as const;
type ReviewVersion = (typeof reviewVersions)[number];

/** As the flags of kube-apiserver have them. */
export interface WrittenTokenWebhook {
  readonly version?: string | undefined;
  readonly cacheTtl?: string | undefined;
}

/** Source: pkg/kubeapiserver/options/authentication.go (WithWebHook) */
const defaults = { version: 'v1beta1', cacheTtl: '2m' };

/** Throws a ConfigurationError for a version that is not known, or a time that is none. */
export function tokenWebhookSettings(access: ClusterAccess, { version, cacheTtl }: WrittenTokenWebhook): TokenWebhookSettings {
  const wanted = version ?? defaults.version;
  const reviewVersion = reviewVersions.find((known) => known === wanted);
  if (reviewVersion === undefined) {
    const known = reviewVersions.map((name) => JSON.stringify(name)).join(', ');
    throw new ConfigurationError(`unsupported authentication webhook version ${JSON.stringify(wanted)}, supported versions are ${known}`);
  }
  return { access, reviewVersion, keptMs: keptMs(cacheTtl ?? defaults.cacheTtl) };
}

function keptMs(text: string): number {
  try {
    return Math.max(0, parseDuration(text));
  } catch (error) {
    if (error instanceof Error) throw new ConfigurationError(error.message, { cause: error });
    throw error;
  }
}
