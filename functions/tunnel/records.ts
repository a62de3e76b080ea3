/**
 * What a streamed answer brings to those who listen for entries: records, one behind the other.
 *
 *     length of what follows (4) · type (1) · body
 *     0 tick: the stream is alive    1 relay: JSON, a tunnel that a caller waits for    2 entry: length of the id (1) · id · number (4) · bytes
 */
import type { MailedRelay } from '../node-protocol/node-poll.ts';
import { entryBytesMax } from './sealed-entry.ts';

export type TunnelRecord =
  | { readonly type: 'tick' }
  | { readonly type: 'relay'; readonly relay: MailedRelay }
  | { readonly type: 'entry'; readonly tunnel: string; readonly number: number; readonly bytes: Uint8Array };

/** Without one in this time, the stream is taken for dead. */
export const tickMs = 5_000;
export const tickMissingMs = 20_000;
const types = ['tick', 'relay', 'entry'] as const;
const lengthBytes = 4;
const recordBytesMax = entryBytesMax + 1024;

export class RecordError extends Error {
  override name = 'RecordError';
}

function bodyOf(record: TunnelRecord): Buffer {
  if (record.type === 'tick') return Buffer.alloc(0);
  if (record.type === 'relay') return Buffer.from(JSON.stringify(record.relay));
  const id = Buffer.from(record.tunnel);
  const number = Buffer.alloc(4);
  number.writeUInt32BE(record.number);
  return Buffer.concat([Buffer.of(id.length), id, number, record.bytes]);
}

export function encodeRecord(record: TunnelRecord): Buffer {
  const body = bodyOf(record);
  const head = Buffer.alloc(lengthBytes + 1);
  head.writeUInt32BE(body.length + 1);
  head.writeUInt8(types.indexOf(record.type), lengthBytes);
  return Buffer.concat([head, body]);
}

function decoded(bytes: Buffer): TunnelRecord {
  const type = types[bytes.readUInt8(0)];
  const body = bytes.subarray(1);
  if (type === 'tick') return { type };
  if (type === 'relay') return { type, relay: JSON.parse(body.toString()) as MailedRelay };
  if (type === undefined) throw new RecordError('a record is of no known type');
  const idEnd = 1 + body.readUInt8(0);
  return { type, tunnel: body.toString('utf8', 1, idEnd), number: body.readUInt32BE(idEnd), bytes: body.subarray(idEnd + 4) };
}

/** Throws a RecordError for what are no records. */
export async function* recordsOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TunnelRecord> {
  let rest: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    rest.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    bytes += chunk.byteLength;
    if (bytes < lengthBytes) continue;
    let all = rest.length === 1 && rest[0] !== undefined ? rest[0] : Buffer.concat(rest);
    for (let length = lengthOf(all); length !== undefined && all.length >= lengthBytes + length; length = lengthOf(all)) {
      yield decoded(all.subarray(lengthBytes, lengthBytes + length));
      all = all.subarray(lengthBytes + length);
    }
    rest = [all];
    bytes = all.length;
  }
}

function lengthOf(bytes: Buffer): number | undefined {
  if (bytes.length < lengthBytes) return undefined;
  const length = bytes.readUInt32BE(0);
  if (length < 1 || length > recordBytesMax) throw new RecordError(`a record has ${length} bytes`);
  return length;
}
