/** The kubelet's CredentialProviderConfig: which program knows the credentials of which images. Source: pkg/credentialprovider/plugin/config.go */
import { readFile } from 'node:fs/promises';
import { parseDuration } from '../../functions/kube/duration.ts';

export interface CredentialProvider {
  readonly name: string;
  readonly apiVersion: string;
  readonly matchImages: readonly string[];
  readonly defaultCacheMs: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Given {
  readonly name?: string;
  readonly apiVersion?: string;
  readonly matchImages?: readonly string[];
  readonly defaultCacheDuration?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly tokenAttributes?: unknown;
}

export class ProviderConfigError extends Error {
  override name = 'ProviderConfigError';
}

const configVersions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `kubelet.config.k8s.io/${version}`);
const providerVersions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `credentialprovider.kubelet.k8s.io/${version}`);

function providerOf(given: Given): CredentialProvider {
  const { name = '', apiVersion = '', matchImages = [], defaultCacheDuration, args, env, tokenAttributes } = given;
  if (name === '' || name === '.' || name === '..' || /[/ ]/.test(name))
    throw new ProviderConfigError(`providers.name: Invalid value: ${JSON.stringify(name)}`);
  const at = (text: string): ProviderConfigError => new ProviderConfigError(`provider ${name}: ${text}`);
  if (!providerVersions.includes(apiVersion))
    throw at(`apiVersion ${JSON.stringify(apiVersion)} is none of ${providerVersions.join(', ')}`);
  if (matchImages.length === 0) throw at('at least 1 item in matchImages is required');
  if (defaultCacheDuration === undefined) throw at('defaultCacheDuration is required');
  if (tokenAttributes !== undefined) throw at('tokenAttributes are not supported by this node');
  const defaultCacheMs = parseDuration(defaultCacheDuration);
  if (defaultCacheMs < 0) throw at('defaultCacheDuration must be greater than or equal to 0');
  const variables = Object.fromEntries((env ?? []).map((variable) => [variable.name, variable.value]));
  return { name, apiVersion, matchImages, defaultCacheMs, args: args ?? [], env: variables };
}

/** JSON or YAML. Throws ProviderConfigError. */
export async function parseProviders(text: string): Promise<readonly CredentialProvider[]> {
  const { parse } = await import('yaml');
  const value = parse(text) as { readonly apiVersion?: string; readonly kind?: string; readonly providers?: readonly Given[] } | null;
  if (value?.kind !== 'CredentialProviderConfig' || !configVersions.includes(value.apiVersion ?? ''))
    throw new ProviderConfigError(`a CredentialProviderConfig of ${configVersions.join(' or ')} is wanted`);
  const providers = (value.providers ?? []).map(providerOf);
  if (providers.length === 0) throw new ProviderConfigError('providers: at least 1 item in plugins is required');
  const names = providers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ProviderConfigError(`providers.name: Duplicate value: ${JSON.stringify(twice)}`);
  return providers;
}

export const readProviders = async (path: string): Promise<readonly CredentialProvider[]> => parseProviders(await readFile(path, 'utf8'));
