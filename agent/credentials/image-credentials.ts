/**
 * Credentials of registries from programs of the node, as of cloud providers: asked once for each image, registry or node, and
 * kept as long as its answer states. Source: pkg/credentialprovider/plugin/plugin.go
 */
import { join } from 'node:path';
import { parseDuration } from '../../functions/kube/duration.ts';
import type { Clock, Log } from '../../functions/world.ts';
import type { RegistryCredential } from '../runtime/runtime.ts';
import { matchesImage, repositoryOf } from './image-match.ts';
import type { CredentialProvider } from './provider-config.ts';

export interface ImageCredentials {
  /** Undefined: no program knows any. */
  credential(image: string): Promise<RegistryCredential | undefined>;
}

export interface Program {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

export interface ImageCredentialsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly providers: readonly CredentialProvider[];
  readonly directory: string;
  /** Resolves with what the program printed. Rejects when it fails. */
  readonly run: (program: Program) => Promise<string>;
}

type Auth = Readonly<Record<string, RegistryCredential>>;

interface Answer {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly cacheKeyType?: string;
  readonly cacheDuration?: string;
  readonly auth?: Auth | null;
}

interface Kept {
  readonly auth: Auth;
  readonly untilMs: number;
}

/** How many credentials of one program are kept; the oldest goes. */
const keptMax = 1000;

const keysOf = (repository: string): Readonly<Record<string, string>> => ({
  Image: repository,
  Registry: repository.split('/')[0] ?? '',
  Global: 'global',
});

/** The most exact pattern first, as the keyring sorts them. */
function credentialIn(auth: Auth, repository: string): RegistryCredential | undefined {
  const patterns = Object.keys(auth).filter((pattern) => matchesImage(pattern, repository));
  const [best] = patterns.toSorted((a, b) => (a < b ? 1 : -1));
  return best === undefined ? undefined : auth[best];
}

class Provider {
  readonly #provider: CredentialProvider;
  readonly #options: ImageCredentialsOptions;
  readonly #kept = new Map<string, Kept>();
  /** Many pods may want one image at once. */
  readonly #asking = new Map<string, Promise<Auth>>();

  constructor(provider: CredentialProvider, options: ImageCredentialsOptions) {
    this.#provider = provider;
    this.#options = options;
  }

  async auth(repository: string): Promise<Auth> {
    if (!this.#provider.matchImages.some((pattern) => matchesImage(pattern, repository))) return {};
    const nowMs = this.#options.clock.monotonicMs();
    for (const key of Object.values(keysOf(repository))) {
      const kept = this.#kept.get(key);
      if (kept !== undefined && kept.untilMs > nowMs) return kept.auth;
    }
    const asking = this.#asking.get(repository) ?? this.#ask(repository).finally(() => this.#asking.delete(repository));
    this.#asking.set(repository, asking);
    return asking;
  }

  async #ask(image: string): Promise<Auth> {
    const { name, apiVersion, args, env, defaultCacheMs } = this.#provider;
    const input = JSON.stringify({ kind: 'CredentialProviderRequest', apiVersion, image });
    const answer = JSON.parse(await this.#options.run({ path: join(this.#options.directory, name), args, env, input })) as Answer;
    if (answer.kind !== 'CredentialProviderResponse' || answer.apiVersion !== apiVersion)
      throw new Error(`${name} did not return a CredentialProviderResponse of ${apiVersion}`);
    const key = keysOf(image)[answer.cacheKeyType ?? ''];
    if (key === undefined) throw new Error(`${name} did not return a valid cacheKeyType: ${answer.cacheKeyType}`);
    const auth = answer.auth ?? {};
    const keptMs = answer.cacheDuration === undefined ? defaultCacheMs : parseDuration(answer.cacheDuration);
    if (keptMs > 0) this.#keep(key, { auth, untilMs: this.#options.clock.monotonicMs() + keptMs });
    return auth;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest);
  }
}

export function createImageCredentials(options: ImageCredentialsOptions): ImageCredentials {
  const providers = options.providers.map((provider) => ({ name: provider.name, provider: new Provider(provider, options) }));
  return {
    async credential(image) {
      const repository = repositoryOf(image);
      for (const { name, provider } of providers) {
        try {
          const found = credentialIn(await provider.auth(repository), repository);
          if (found !== undefined) return found;
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          // The pull goes on without it and reports the registry's answer.
          options.log.warn('a credential provider failed', { provider: name, image: repository, error: error.message });
        }
      }
      return undefined;
    },
  };
}
