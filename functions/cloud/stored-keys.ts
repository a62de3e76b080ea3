/**
 * The cluster's own keys, kept in its table beside everything else, so that every function finds the same ones. They
 * are sealed with an envelope key (AES-256-GCM) that the table never sees; who reads the table reads no key.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KubeObject } from '../kube/object.ts';
import type { Key, StoreView } from '../kube/view.ts';
import { loadSigningKeys, newSigningKeyPem, type SigningKey, type SigningKeys, signingKeyOf } from '../apiserver/auth/keys.ts';
import type { Store } from '../store/store.ts';
import type { Clock, Random } from '../world.ts';
import type { EnvelopeKeys } from './settings.ts';

/** The API serves no such resource. */
const key: Key = { resource: 'keys.hibernetes.dev', namespace: '', name: 'service-accounts' };

interface StoredKeys extends KubeObject {
  /** Base64 of nonce, tag and sealed text: PEM documents, whose end is not marked, as a list in JSON. */
  sealed: string;
}

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
/** How often the log is asked about an unknown key that a token names: strangers may make it up. */
const unknownEveryMs = 1_000;

export function seal(text: string, envelopeKey: Uint8Array, nonce: Uint8Array): string {
  const sealing = createCipheriv(cipher, envelopeKey, nonce);
  const sealed = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()]);
  return Buffer.concat([nonce, sealing.getAuthTag(), sealed]).toString('base64');
}

export function unseal(text: string, envelopeKey: Uint8Array): string {
  const bytes = Buffer.from(text, 'base64');
  const opening = createDecipheriv(cipher, envelopeKey, bytes.subarray(0, nonceBytes));
  opening.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  return Buffer.concat([opening.update(bytes.subarray(nonceBytes + tagBytes)), opening.final()]).toString('utf8');
}

/** Throws what the last of them failed with. */
function unsealWithAny(text: string, keys: readonly Uint8Array[]): string {
  const [first = new Uint8Array(), ...others] = keys;
  try {
    return unseal(text, first);
  } catch (error) {
    if (!(error instanceof Error) || others.length === 0) throw error;
    return unsealWithAny(text, others);
  }
}

/** The key that seals them may be one that another process has just made. */
async function opened(object: KubeObject, envelope: EnvelopeKeys): Promise<readonly string[]> {
  const open = ({ envelopeKey, formerEnvelopeKeys = [] }: EnvelopeKeys): readonly string[] =>
    JSON.parse(unsealWithAny((object as StoredKeys).sealed, [envelopeKey, ...formerEnvelopeKeys])) as string[];
  try {
    return open(envelope);
  } catch (error) {
    if (!(error instanceof Error) || envelope.reread === undefined) throw error;
    return open(await envelope.reread());
  }
}

export interface StoredKeyOptions {
  readonly store: Pick<Store, 'view' | 'commit' | 'fresh'>;
  readonly envelope: EnvelopeKeys;
  readonly random: Pick<Random, 'bytes'>;
}

const objectOf = (pems: readonly string[], { envelopeKey }: EnvelopeKeys, random: Pick<Random, 'bytes'>): StoredKeys => ({
  apiVersion: 'hibernetes.dev/v1',
  kind: 'Keys',
  metadata: { name: key.name },
  sealed: seal(JSON.stringify(pems), envelopeKey, random.bytes(nonceBytes)),
});

/** Those that are stored, which are made where there are none: the first writer's count. */
async function storedPems({ store, envelope, random }: StoredKeyOptions): Promise<readonly string[]> {
  const known = store.view().get(key)?.object;
  if (known !== undefined) return opened(known, envelope);
  const object = objectOf([await newSigningKeyPem()], envelope, random);
  const stored = await store.commit<KubeObject>({
    keys: [key],
    decide(view) {
      const current = view.get(key)?.object;
      if (current !== undefined) return { outcome: 'answer', answer: current };
      return { outcome: 'write', writes: [{ type: 'create', key, object }], answer: () => object };
    },
  });
  return opened(stored, envelope);
}

/** From now on tokens are signed with a new key; those of former keys stay good. Answers with its id. */
export async function rotateStoredKeys({ store, envelope, random }: StoredKeyOptions): Promise<string> {
  const pem = await newSigningKeyPem();
  const before = await storedPems({ store, envelope, random });
  const object = objectOf([pem, ...before], envelope, random);
  await store.commit<undefined>({
    keys: [key],
    decide: () => ({ outcome: 'write', writes: [{ type: 'update', key, object }], answer: () => undefined }),
  });
  return signingKeyOf(pem).id;
}

export interface LiveStoredKeys {
  /** The same array all the time; what it holds is the newest that was read. */
  readonly keys: SigningKeys;
  /** Reads them again where the store has others. `unknownId`: of a key that a token names; the log is asked about it. */
  refresh(unknownId?: string): Promise<void>;
}

export async function liveStoredKeys(options: StoredKeyOptions, clock: Pick<Clock, 'now'>): Promise<LiveStoredKeys> {
  const { store, envelope } = options;
  const [first, ...others] = await loadSigningKeys({ load: () => storedPems(options), create: async (pem) => [pem] });
  const keys: [SigningKey, ...SigningKey[]] = [first, ...others];
  let revision = store.view().get(key)?.revision;
  let askedMs = -Infinity;

  async function take(view: Pick<StoreView, 'get'>): Promise<void> {
    const stored = view.get(key);
    if (stored === undefined || stored.revision === revision) return;
    const read = (await opened(stored.object, envelope)).map((pem) => signingKeyOf(pem));
    keys.splice(0, keys.length, ...read);
    ({ revision } = stored);
  }

  return {
    keys,
    async refresh(unknownId) {
      await take(store.view());
      if (unknownId === undefined || keys.some(({ id }) => id === unknownId) || clock.now() - askedMs < unknownEveryMs) return;
      askedMs = clock.now();
      await take(await store.fresh());
    },
  };
}
