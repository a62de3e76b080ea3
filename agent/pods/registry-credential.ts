/** The credential of a private registry among a pod's imagePullSecrets. Source: pkg/credentialprovider */
import type { Pod, Secret } from '../../functions/kube/generated/types.ts';
import { namespaceOf } from '../../functions/kube/object.ts';
import type { RegistryCredential } from '../runtime/runtime.ts';
import type { Lookup } from './lookup.ts';
import { specOf } from './pod-facts.ts';

/** The host part of an image's name: the first word, if it looks like a host. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost') ? first : 'docker.io';
}

const dockerHubNames = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
const hostOf = (server: string): string => server.replace(/^https?:\/\//, '').split('/')[0] ?? '';

function sameRegistry(server: string, registry: string): boolean {
  const host = hostOf(server);
  return host === registry || (dockerHubNames.includes(host) && dockerHubNames.includes(registry));
}

interface Entry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
}

function entriesOf(secret: Secret | undefined): Readonly<Record<string, Entry>> {
  const encoded = secret?.data?.['.dockerconfigjson'];
  if (encoded === undefined) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    if (typeof value !== 'object' || value === null || !('auths' in value)) return {};
    return typeof value.auths === 'object' && value.auths !== null ? (value.auths as Record<string, Entry>) : {};
  } catch (error) {
    // A Secret that is not JSON gives no credential; the pull without one fails with its own message.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function credentialOf(entry: Entry): RegistryCredential {
  if (entry.username !== undefined && entry.password !== undefined) return { username: entry.username, password: entry.password };
  const [username = '', ...password] = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return { username, password: password.join(':') };
}

export function registryCredential(pod: Pod, image: string, lookup: Lookup): RegistryCredential | undefined {
  const registry = registryOf(image);
  for (const { name } of specOf(pod).imagePullSecrets ?? []) {
    const entries = Object.entries(entriesOf(lookup.secret(namespaceOf(pod), name ?? '')));
    const match = entries.find(([server]) => sameRegistry(server, registry));
    if (match !== undefined) return credentialOf(match[1]);
  }
  return undefined;
}
