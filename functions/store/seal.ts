/**
 * Bodies that only the holder of a cluster key can read. Each object has a data key of its own, wrapped by the cluster key:
 *
 *     id of the cluster key (8 bytes)  nonce (12)  tag (16)  wrapped data key (32)  |  nonce (12)  tag (16)  sealed body
 *     └──────────────────────────────── the envelope ───────────────────────────┘
 *
 * All copies of an object carry the same data key; when the cluster key is replaced, only the envelope is made anew. A
 * sealed body opens nowhere but in its own place: neither under another name nor in another resource.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Key } from '../kube/view.ts';
import { keyText } from './keys.ts';
import { StoreError } from './store.ts';

export interface ClusterKey {
  /** A hash of its bytes: the same key has the same id everywhere. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The cluster keys that a process knows. */
export interface KeyRing {
  /** What is sealed from now on is sealed with this one. */
  current(): ClusterKey;
  find(id: string): ClusterKey | undefined;
  /** Searches for keys that another process made. Called when one is missing. */
  refresh?(): Promise<void>;
}

const algorithm = 'aes-256-gcm';
const idBytes = 8;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** How long an envelope is, with which a sealed body begins. */
export const envelopeBytes = idBytes + nonceBytes + tagBytes + keyBytes;

export function clusterKeyOf(bytes: Uint8Array): ClusterKey {
  if (bytes.length !== keyBytes) throw new TypeError(`a cluster key has ${keyBytes} bytes, not ${bytes.length}`);
  return {
    id: createHash('sha256')
      .update('cluster key')
      .update(bytes)
      .digest('hex')
      .slice(0, 2 * idBytes),
    bytes,
  };
}

export const newClusterKey = (): ClusterKey => clusterKeyOf(randomBytes(keyBytes));

/** Keys that stay as long as the process lives, the current one first. */
export function fixedKeyRing(keys: readonly [Uint8Array, ...Uint8Array[]]): KeyRing {
  const current = clusterKeyOf(keys[0]);
  const known = keys.map((key) => clusterKeyOf(key));
  return { current: () => current, find: (id) => known.find((key) => key.id === id) };
}

/** A body is sealed with a key that the ring does not hold. */
export class UnknownClusterKey extends StoreError {
  constructor(where: string, id: string) {
    super('corrupt', `${where} is sealed with the cluster key ${id}, which is not there`);
  }
}

function close(bytes: Uint8Array, key: Uint8Array, place: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** Throws where the bytes were changed, or sealed with another key or for another place. */
function open(sealed: Uint8Array, key: Uint8Array, place: string): Buffer {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes)).setAAD(Buffer.from(place));
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
}

const idOf = (envelope: Uint8Array): string => Buffer.from(envelope.subarray(0, idBytes)).toString('hex');

const wrapped = (dataKey: Uint8Array, key: Key, { id, bytes }: ClusterKey): Buffer =>
  Buffer.concat([Buffer.from(id, 'hex'), close(dataKey, bytes, keyText(key))]);

export class Sealing {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** `envelope`: of the object until now, whose data key goes on. */
  seal(key: Key, body: Uint8Array, envelope: Uint8Array | undefined): { readonly body: Buffer; readonly envelope: Buffer } {
    const current = this.#ring.current();
    const known = envelope === undefined ? undefined : this.#dataKey(key, envelope);
    const dataKey = known ?? randomBytes(keyBytes);
    const isCurrent = known !== undefined && envelope !== undefined && idOf(envelope) === current.id;
    const own = isCurrent ? Buffer.from(envelope) : wrapped(dataKey, key, current);
    return { body: Buffer.concat([own, close(body, dataKey, keyText(key))]), envelope: own };
  }

  /** Throws UnknownClusterKey, or StoreError 'corrupt' for what was changed or belongs elsewhere. */
  open(key: Key, sealed: Uint8Array, where: string): { readonly body: Buffer; readonly envelope: Buffer } {
    if (sealed.length < envelopeBytes + nonceBytes + tagBytes) throw damaged(where);
    const envelope = Buffer.from(sealed.subarray(0, envelopeBytes));
    if (this.#ring.find(idOf(envelope)) === undefined) throw new UnknownClusterKey(where, idOf(envelope));
    try {
      const dataKey = this.#dataKey(key, envelope) ?? new Uint8Array();
      return { body: open(sealed.subarray(envelopeBytes), dataKey, keyText(key)), envelope };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw damaged(where, error);
    }
  }

  /** Whether the envelope was made with a key that has been replaced. */
  isOld(envelope: Uint8Array): boolean {
    const id = idOf(envelope);
    // One that is not known here is newer: another process has it already.
    return id !== this.#ring.current().id && this.#ring.find(id) !== undefined;
  }

  refresh(): Promise<void> | undefined {
    return this.#ring.refresh?.();
  }

  #dataKey(key: Key, envelope: Uint8Array): Buffer | undefined {
    const clusterKey = this.#ring.find(idOf(envelope));
    return clusterKey && open(envelope.subarray(idBytes), clusterKey.bytes, keyText(key));
  }
}

const damaged = (where: string, cause?: Error): StoreError =>
  new StoreError('corrupt', `${where} cannot be opened: it was changed, or sealed for another place`, { cause });
