/**
 * The form of an object in the table. The first byte decides how to read the rest:
 *
 *     0          JSON
 *     1…200      number of a dictionary, checksum of the JSON (4 bytes), from 2 on its length (4 bytes), JSON deflated
 *                with that dictionary
 *     255        the hash of a blob that holds a body of the kinds above
 */
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { KubeObject } from '../kube/object.ts';
import { deepFreeze } from './deep-freeze.ts';
import { currentDictionary, dictionaries } from './dictionary.ts';
import { StoreError } from './store.ts';

const plain = 0;
const blobReference = 255;
const headBytes = 9;
/** The least that zlib takes. */
const chunkBytesMin = 64;
/** Nothing is deflated to less than this part of itself. Source: zlib's technical details, "Maximum Compression Factor". */
const ratioMax = 1032;
/** The head of a body that does not hold its length. */
const shortHead = { number: 1, bytes: 5 };

/** A little compression buys most of what a lot would; for small texts, most of the time would go into clearing memory. */
const deflateOptions = { level: 3, memLevel: 6, chunkSize: 4096 };
/** How far back matches reach, as a power of two: what zlib clears for each text. Source: zlib's deflate.h, MIN_LOOKAHEAD. */
const windowBits = [13, 14, 15] as const;
const lookaheadBytes = 262;

/** The smallest window that holds everything: a larger one would find the same. */
const windowFor = (bytes: number): number => windowBits.find((bits) => 2 ** bits - lookaheadBytes >= bytes) ?? windowBits[2];

/** `json` may be its UTF-8, where that is at hand. The bytes are all that their memory holds. */
export function encodeBody(json: string | Uint8Array): Uint8Array {
  const dictionary = dictionaries.get(currentDictionary);
  const text = typeof json === 'string' ? Buffer.from(json) : json;
  const window = windowFor((dictionary?.length ?? 0) + text.length);
  const deflated = deflateRawSync(text, { ...deflateOptions, windowBits: window, ...(dictionary === undefined ? {} : { dictionary }) });
  const body = Buffer.allocUnsafeSlow(headBytes + deflated.length);
  body.writeUInt8(currentDictionary, 0);
  body.writeUInt32BE(crc32(text), 1);
  body.writeUInt32BE(text.length, 5);
  deflated.copy(body, headBytes);
  return body;
}

/** What the deletion of an object leaves that could not be read: a head without a text, as unreadable for every version. */
export const damagedBody: Uint8Array = Buffer.alloc(shortHead.bytes, shortHead.number);

const blobHashDigits = 32;

/** `nonce`: of the entry that points to it. So an equal body that comes back is another blob, and this one can go when it is superseded. */
export function blobBody(body: Uint8Array, nonce: string): { readonly hash: string; readonly reference: Uint8Array } {
  const hash = createHash('sha256').update(nonce).update(body).digest('hex').slice(0, blobHashDigits);
  return { hash, reference: blobReferenceOf(hash) };
}

export const blobReferenceOf = (hash: string): Uint8Array => Buffer.concat([Buffer.of(blobReference), Buffer.from(hash, 'latin1')]);

/** The blob's hash, when the body is elsewhere. */
export function blobHash(body: Uint8Array): string | undefined {
  return body[0] === blobReference ? Buffer.from(body.subarray(1)).toString('latin1') : undefined;
}

/** How long the JSON is, where the body holds it. */
export function jsonLength(body: Uint8Array): number | undefined {
  const number = body[0] ?? plain;
  if (number === plain) return body.length - 1;
  if (number === shortHead.number || number === blobReference || body.length < headBytes) return undefined;
  return new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(5);
}

/** Throws `wrong-format` for a body that this version cannot read, without reading it. */
export function checkFormat(body: Uint8Array, where: string): void {
  const number = body[0] ?? plain;
  if (number === plain || dictionaries.has(number)) return;
  throw new StoreError('wrong-format', `${where} was written with dictionary ${number}, which this version does not know`);
}

/** The JSON in UTF-8. `where` names the item in the error when the body cannot be read. */
export function inflateBody(body: Uint8Array, where: string): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const number = bytes[0] ?? plain;
  if (number === plain) return bytes.subarray(1);
  checkFormat(bytes, where);
  const dictionary = dictionaries.get(number);
  const length = jsonLength(body);
  if (length !== undefined && length > body.length * ratioMax)
    throw new StoreError('corrupt', `${where} cannot be read: its length is wrong`);
  // One piece for all that comes out; a byte more, so that its end is seen without asking for another.
  const chunkSize = length === undefined ? {} : { chunkSize: Math.max(length + 1, chunkBytesMin) };
  const options = { ...chunkSize, ...(dictionary === undefined ? {} : { dictionary }) };
  return readable(where, () => {
    const text = inflateRawSync(bytes.subarray(length === undefined ? shortHead.bytes : headBytes), options);
    if (crc32(text) !== bytes.readUInt32BE(1)) throw new StoreError('corrupt', `${where} cannot be read: its checksum is wrong`);
    return text;
  });
}

/** `json` is that of a body. */
export const parseBody = (json: Buffer, where: string): KubeObject =>
  readable(where, () => deepFreeze(JSON.parse(json.toString()) as KubeObject));

export const decodeBody = (body: Uint8Array, where: string): KubeObject => parseBody(inflateBody(body, where), where);

function readable<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StoreError || !(error instanceof Error)) throw error;
    throw new StoreError('corrupt', `${where} cannot be read: ${error.message}`, { cause: error });
  }
}
