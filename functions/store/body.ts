/**
 * How an object looks in the table. The first byte says how to read the rest:
 *
 *     0          JSON
 *     1…200      number of a dictionary, checksum of the JSON (4 bytes), JSON deflated with that dictionary
 *     255        the hash of a blob that holds a body of the kinds above
 */
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { KubeObject } from '../kube/object.ts';
import { currentDictionary, dictionaries } from './dictionary.ts';
import { StoreError } from './store.ts';

const plain = 0;
const blobReference = 255;
const headBytes = 5;

/** A little compression buys most of what a lot would; for small texts, most of the time would go into clearing memory. */
const deflateOptions = { level: 3, memLevel: 6, chunkSize: 4096 };

export function encodeBody(json: string): Uint8Array {
  const dictionary = dictionaries.get(currentDictionary);
  const text = Buffer.from(json);
  const deflated = deflateRawSync(text, { ...deflateOptions, ...(dictionary === undefined ? {} : { dictionary }) });
  const body = Buffer.allocUnsafe(headBytes + deflated.length);
  body.writeUInt8(currentDictionary, 0);
  body.writeUInt32BE(crc32(text), 1);
  deflated.copy(body, headBytes);
  return body;
}

export function blobBody(body: Uint8Array): { readonly hash: string; readonly reference: Uint8Array } {
  const hash = createHash('sha256').update(body).digest('hex');
  return { hash, reference: Buffer.concat([Buffer.of(blobReference), Buffer.from(hash, 'latin1')]) };
}

/** The blob's hash, when the body is elsewhere. */
export function blobHash(body: Uint8Array): string | undefined {
  return body[0] === blobReference ? Buffer.from(body.subarray(1)).toString('latin1') : undefined;
}

/** `where` names the item in the error when the body cannot be read. */
export function decodeBody(body: Uint8Array, where: string): KubeObject {
  try {
    return JSON.parse(body[0] === plain ? Buffer.from(body.subarray(1)).toString() : inflate(body, where)) as KubeObject;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (!(error instanceof Error)) throw error;
    throw new StoreError('corrupt', `${where} cannot be read: ${error.message}`, { cause: error });
  }
}

function inflate(body: Uint8Array, where: string): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const number = bytes[0] ?? plain;
  const dictionary = dictionaries.get(number);
  if (dictionary === undefined)
    throw new StoreError('wrong-format', `${where} was written with dictionary ${number}, which this version does not know`);
  const text = inflateRawSync(bytes.subarray(headBytes), { dictionary });
  if (crc32(text) !== bytes.readUInt32BE(1)) throw new StoreError('corrupt', `${where} cannot be read: its checksum is wrong`);
  return text.toString();
}
