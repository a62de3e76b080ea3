/**
 * One entry of a tunnel's mailbox. Only the two ends hold the key; tables, hosts and processes in between see its length,
 * and whether it is the last one.
 *
 *     flags (1) · nonce (12) · tag (16) · sealed: sender (4) · kind (1) · ack (4) · payload
 *
 * An entry opens nowhere but in its own place: neither in another tunnel, nor in the other direction, nor under another number.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** `down`: from the caller to the node. */
export type Direction = 'down' | 'up';

export interface EntryPlace {
  readonly tunnel: string;
  readonly direction: Direction;
  /** The entry's number: from 1, without gaps. */
  readonly number: number;
}

/** `end`: no data follows; `bye`: the sender is done, after both directions have ended. */
export type EntryKind = 'data' | 'end' | 'alive' | 'abort' | 'bye';

export interface Entry {
  /** Entries of two senders do not belong together: the agent was started anew. Below 2^32. */
  readonly sender: number;
  readonly kind: EntryKind;
  /** How many `data` entries of the other direction were handed on. */
  readonly ack: number;
  readonly payload: Uint8Array;
}

/** The largest payload of an entry. */
export const payloadBytesMax = 256 << 10;
/** The largest entry as it is stored. */
export const entryBytesMax = payloadBytesMax + 1024;

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const outerBytes = 1 + nonceBytes + tagBytes;
const headBytes = 9;
const lastFlag = 1;
const deflatedFlag = 2;
/** Less is not worth the time. */
const deflateBytesMin = 256;
const kinds: readonly EntryKind[] = ['data', 'end', 'alive', 'abort', 'bye'];

/** The entry was changed, belongs elsewhere, or was sealed with another key. */
export class EntryError extends Error {
  override name = 'EntryError';
}

const placeText = ({ tunnel, direction, number }: EntryPlace, flags: number): Buffer =>
  Buffer.from(JSON.stringify([tunnel, direction, number, flags]));

export function sealEntry({ sender, kind, ack, payload }: Entry, place: EntryPlace, key: Uint8Array): Buffer {
  const deflated = payload.length < deflateBytesMin ? payload : deflateRawSync(payload, { level: 1 });
  const isDeflated = deflated.length < payload.length;
  const flags = (isLastKind(kind) ? lastFlag : 0) | (isDeflated ? deflatedFlag : 0);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(sender, 0);
  head.writeUInt8(kinds.indexOf(kind), 4);
  head.writeUInt32BE(ack, 5);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(placeText(place, flags));
  const sealed = Buffer.concat([cipher.update(head), cipher.update(isDeflated ? deflated : payload), cipher.final()]);
  return Buffer.concat([Buffer.of(flags), nonce, cipher.getAuthTag(), sealed]);
}

const isLastKind = (kind: EntryKind): boolean => kind === 'abort' || kind === 'bye';

/** Whether its sender puts nothing behind it. Not to be trusted before the entry is opened. */
export const isMarkedLast = (sealed: Uint8Array): boolean => ((sealed[0] ?? 0) & lastFlag) !== 0;

/** Throws an EntryError. */
export function openEntry(sealed: Uint8Array, place: EntryPlace, key: Uint8Array): Entry {
  if (sealed.length < outerBytes + headBytes) throw new EntryError('an entry is too short');
  const flags = sealed[0] ?? 0;
  try {
    const decipher = createDecipheriv(algorithm, key, sealed.subarray(1, 1 + nonceBytes)).setAAD(placeText(place, flags));
    decipher.setAuthTag(sealed.subarray(1 + nonceBytes, outerBytes));
    const opened = Buffer.concat([decipher.update(sealed.subarray(outerBytes)), decipher.final()]);
    const kind = kinds[opened.readUInt8(4)];
    if (kind === undefined) throw new EntryError('an entry is of no known kind');
    const rest = opened.subarray(headBytes);
    const payload = (flags & deflatedFlag) === 0 ? rest : inflateRawSync(rest, { maxOutputLength: payloadBytesMax });
    return { sender: opened.readUInt32BE(0), kind, ack: opened.readUInt32BE(5), payload };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new EntryError('an entry cannot be opened', { cause: error });
  }
}
