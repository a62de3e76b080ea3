/**
 * The few messages of etcd's protocol that the benchmark needs, as bytes. Both contenders are asked in this language, by
 * the same client, so that what differs is the server.
 * Source: etcd-io/etcd, api/etcdserverpb/rpc.proto and api/mvccpb/kv.proto.
 */
import { fieldsOf } from '../../functions/kube/protobuf-reader.ts';

export const paths = {
  range: '/etcdserverpb.KV/Range',
  put: '/etcdserverpb.KV/Put',
  txn: '/etcdserverpb.KV/Txn',
  watch: '/etcdserverpb.Watch/Watch',
} as const;

/** A message is made of these: fields with a number, and text, bytes, a number or a message in them. */
type Part = Buffer;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

export const number = (field: number, value: number): Part => Buffer.concat([varint(field * 8), varint(value)]);

export const bytes = (field: number, value: Buffer): Part => Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);

const message = (...parts: readonly Part[]): Buffer => Buffer.concat(parts);

const rangeEnd = (prefix: string): Buffer => {
  const end = Buffer.from(prefix);
  end.writeUInt8((end.at(-1) ?? 0) + 1, end.length - 1);
  return end;
};

export const putRequest = (key: string, value: Buffer): Buffer => message(bytes(1, Buffer.from(key)), bytes(2, value));

export const getRequest = (key: string): Buffer => bytes(1, Buffer.from(key));

export const listRequest = (prefix: string): Buffer => message(bytes(1, Buffer.from(prefix)), bytes(2, rangeEnd(prefix)));

/** Put if the key has no revision, as the apiserver creates. */
export function createRequest(key: string, value: Buffer): Buffer {
  const isAbsent = message(number(2, 2), bytes(3, Buffer.from(key)), number(6, 0));
  return message(bytes(1, isAbsent), bytes(2, bytes(2, putRequest(key, value))));
}

export const watchRequest = (prefix: string): Buffer => bytes(1, listRequest(prefix));

/** A varint's value in a field of a message, 0 when it is left out. */
export function numberAt(from: Uint8Array, field: number): number {
  for (const { number: found, value } of fieldsOf(from)) if (found === field && typeof value === 'bigint') return Number(value);
  return 0;
}

/** The first bytes of a field. */
export function bytesAt(from: Uint8Array, field: number): Uint8Array | undefined {
  for (const { number: found, value } of fieldsOf(from)) if (found === field && typeof value !== 'bigint') return value;
  return undefined;
}

/** The head of a gRPC message: a byte for "not compressed", and the length. */
export function frameHead(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return head;
}

export const framed = (body: Buffer): Buffer => Buffer.concat([frameHead(body.length), body]);

/** Cuts what arrives into the messages of one stream. */
export class Unframed {
  readonly #take: (body: Buffer) => void;
  #rest: Buffer[] = [];
  #length = 0;
  #wanted = 5;

  constructor(take: (body: Buffer) => void) {
    this.#take = take;
  }

  push(chunk: Buffer): void {
    this.#rest.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return;
    const all = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest);
    let position = 0;
    this.#wanted = 5;
    while (all.length - position >= 5) {
      const end = position + 5 + all.readUInt32BE(position + 1);
      this.#wanted = end - position;
      if (end > all.length) break;
      this.#take(all.subarray(position + 5, end));
      position = end;
      this.#wanted = 5;
    }
    this.#rest = position === all.length ? [] : [all.subarray(position)];
    this.#length = all.length - position;
  }
}
