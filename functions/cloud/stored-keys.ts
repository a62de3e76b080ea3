/**
 * The cluster's own keys, kept in its table beside everything else, so that every function finds the same ones. They
 * are sealed with an envelope key (AES-256-GCM) that the table never sees; who reads the table reads no key.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KubeObject } from '../kube/object.ts';
import type { Key } from '../kube/view.ts';
import type { KeyStore } from '../apiserver/auth/keys.ts';
import type { Store } from '../store/store.ts';
import type { Random } from '../world.ts';

/** The API serves no such resource. */
const key: Key = { resource: 'keys.hibernetes.dev', namespace: '', name: 'service-accounts' };

interface StoredKeys extends KubeObject {
  /** Base64 of nonce, tag and sealed text. */
  sealed: string;
}

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

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

export interface StoredKeyOptions {
  readonly store: Pick<Store, 'view' | 'commit'>;
  readonly envelopeKey: Uint8Array;
  /** They open what was sealed before. */
  readonly formerEnvelopeKeys?: readonly Uint8Array[];
  readonly random: Pick<Random, 'bytes'>;
}

/** PEM documents do not say where they end, so they are kept as a list. */
export function storedKeys({ store, envelopeKey, formerEnvelopeKeys = [], random }: StoredKeyOptions): KeyStore {
  const read = (object: KubeObject | undefined): readonly string[] =>
    object === undefined
      ? []
      : (JSON.parse(unsealWithAny((object as StoredKeys).sealed, [envelopeKey, ...formerEnvelopeKeys])) as string[]);
  return {
    load: async () => read(store.view().get(key)?.object),
    create(pem) {
      const sealed = seal(JSON.stringify([pem]), envelopeKey, random.bytes(nonceBytes));
      const object: StoredKeys = { apiVersion: 'hibernetes.dev/v1', kind: 'Keys', metadata: { name: key.name }, sealed };
      return store.commit<readonly string[]>({
        keys: [key],
        decide(view) {
          const current = view.get(key)?.object;
          if (current !== undefined) return { outcome: 'answer', answer: read(current) };
          return { outcome: 'write', writes: [{ type: 'create', key, object }], answer: () => [pem] };
        },
      });
    },
  };
}
