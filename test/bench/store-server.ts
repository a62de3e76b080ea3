/**
 * The store behind etcd's words: `node test/bench/store-server.ts DIRECTORY`. It prints its port and serves until it is
 * ended. Only for the benchmark: Hibernetes calls the store in its own process.
 */
import { once, setMaxListeners } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { jsonLength, jsonText } from '../../functions/store/json-text.ts';
import type { Change, Decision, Operation, Store } from '../../functions/store/store.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { Key, Stored } from '../../functions/kube/view.ts';
import { realWorld } from '../../functions/world.ts';
import { bytes, bytesAt, framed, frameHead, number, paths, Unframed } from './etcd-messages.ts';

/** /registry/pods/default/web-1 */
function keyOf(text: string): Key {
  const [, , resource = '', namespace = '', name = ''] = text.split('/');
  return { resource, namespace, name };
}

const keyText = ({ resource, namespace, name }: Key): string => `/registry/${resource}/${namespace}/${name}`;

const textAt = (from: Uint8Array, field: number): string => Buffer.from(bytesAt(from, field) ?? []).toString();

const valueAt = (from: Uint8Array): KubeObject => JSON.parse(textAt(from, 2)) as KubeObject;

const header = (revision: number): Buffer => bytes(1, number(3, revision));

const lengthOfVarint = (value: number): number => (value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4);

function writeVarint(into: Buffer, value: number, position: number): number {
  let rest = value;
  let at = position;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) at = into.writeUInt8((rest % 0x80) | 0x80, at);
  return into.writeUInt8(rest, at);
}

/** A KeyValue: key, revision and value. */
const keyValue = (stored: Stored): Buffer =>
  Buffer.concat([bytes(1, Buffer.from(keyText(stored.key))), number(3, stored.revision), bytes(5, Buffer.from(jsonText(stored)))]);

const pieceBytes = 1024 * 1024;

/** A message with many key-values after the given header. It comes in pieces that can be sent one after the other. */
function* keyValues(list: readonly Stored[], before: Buffer): Generator<Buffer> {
  const parts = list.map((stored) => {
    const head = Buffer.concat([bytes(1, Buffer.from(keyText(stored.key))), number(3, stored.revision)]);
    const length = jsonLength(stored);
    return { stored, head, body: head.length + 1 + lengthOfVarint(length) + length };
  });
  const total = parts.reduce((sum, { body }) => sum + 1 + lengthOfVarint(body) + body, before.length);
  const first = Buffer.concat([frameHead(total), before]);
  let left = total - before.length;
  let piece = Buffer.allocUnsafe(first.length + Math.min(pieceBytes, left));
  let at = first.copy(piece);
  for (const { stored, head, body } of parts) {
    const length = 1 + lengthOfVarint(body) + body;
    if (at + length > piece.length) {
      yield piece.subarray(0, at);
      piece = Buffer.allocUnsafe(Math.max(length, Math.min(pieceBytes, left)));
      at = 0;
    }
    left -= length;
    at = writeVarint(piece, body, piece.writeUInt8(0x12, at));
    at += head.copy(piece, at);
    const text = jsonText(stored);
    at = writeVarint(piece, text.length, piece.writeUInt8(0x2a, at));
    piece.set(text, at);
    at += text.length;
  }
  yield piece.subarray(0, at);
}

function putOperation(request: Uint8Array, mustBeAbsent: boolean): Operation<Stored | undefined> {
  const key = keyOf(textAt(request, 1));
  const object = valueAt(request);
  return {
    keys: [key],
    decide(view): Decision<Stored | undefined> {
      const isThere = view.get(key) !== undefined;
      if (isThere && mustBeAbsent) return { outcome: 'answer', answer: undefined };
      return { outcome: 'write', writes: [{ type: isThere ? 'update' : 'create', key, object }], answer: ([stored]) => stored };
    },
  };
}

type Pieces = Iterable<Buffer>;

const whole = (body: Buffer): Pieces => [framed(body)];

const answers: Readonly<Record<string, (store: Store, request: Buffer) => Promise<Pieces>>> = {
  async [paths.put](store, request) {
    const stored = await store.commit(putOperation(request, false));
    return whole(header(stored?.revision ?? 0));
  },
  async [paths.txn](store, request) {
    const put = bytesAt(bytesAt(request, 2) ?? Buffer.alloc(0), 2) ?? Buffer.alloc(0);
    const stored = await store.commit(putOperation(put, true));
    return whole(stored === undefined ? number(2, 0) : Buffer.concat([header(stored.revision), number(2, 1)]));
  },
  async [paths.range](store, request) {
    const key = keyOf(textAt(request, 1));
    const view = await store.fresh();
    if (bytesAt(request, 2) === undefined) {
      const stored = view.get(key);
      return keyValues(stored === undefined ? [] : [stored], header(view.revision));
    }
    return keyValues(view.list(key.resource), header(view.revision));
  },
};

const eventOf = (change: Change): Buffer =>
  bytes(11, Buffer.concat([number(1, change.type === 'deleted' ? 1 : 0), bytes(2, keyValue(change))]));

const known = new WeakMap<readonly Change[], Buffer>();

/** Encoded once, however many watches get the same changes. */
function eventsOf(changes: readonly Change[]): Buffer {
  const events = known.get(changes) ?? Buffer.concat(changes.map(eventOf));
  known.set(changes, events);
  return events;
}

interface Place {
  readonly key: Key;
  readonly id: number;
  readonly signal: AbortSignal;
}

async function follow(store: Store, stream: ServerHttp2Stream, place: Place): Promise<void> {
  const { resource } = place.key;
  const { signal } = place;
  const { revision: after } = await store.fresh();
  send(stream, number(2, place.id), number(3, 1));
  for await (const { changes } of store.watch({ resource, after, signal })) {
    if (changes.length > 0) send(stream, number(2, place.id), eventsOf(changes));
  }
}

const unsent = new Map<ServerHttp2Stream, Buffer[]>();

const copiedBytesMax = 4096;

/** All messages of one turn of the event loop go out in one write. */
function send(stream: ServerHttp2Stream, head: Buffer, body: Buffer): void {
  const parts = [frameHead(head.length + body.length), head, body];
  const waiting = unsent.get(stream);
  if (waiting !== undefined) return void waiting.push(...parts);
  unsent.set(stream, parts);
  setImmediate(() => {
    unsent.delete(stream);
    if (stream.destroyed) return;
    // What is large is not copied once more for each watch.
    if (body.length < copiedBytesMax) return void stream.write(Buffer.concat(parts));
    stream.cork();
    for (const part of parts) stream.write(part);
    stream.uncork();
  });
}

/** The next piece is made when there is room for it. */
async function sendPieces(stream: ServerHttp2Stream, pieces: Pieces): Promise<void> {
  let closed: Promise<unknown> | undefined;
  for (const piece of pieces) {
    closed ??= stream.writableNeedDrain ? new Promise((resolve) => stream.once('close', resolve)) : undefined;
    if (stream.writableNeedDrain) await Promise.race([closed, new Promise((resolve) => stream.once('drain', resolve))]);
    if (stream.destroyed) return;
    stream.write(piece);
  }
  stream.end();
}

function closing(stream: ServerHttp2Stream): AbortSignal {
  const closed = new AbortController();
  setMaxListeners(Infinity, closed.signal);
  stream.once('close', () => closed.abort());
  return closed.signal;
}

function serve(store: Store, stream: ServerHttp2Stream, path: string): void {
  let watches = 0;
  let closed: AbortSignal | undefined;
  const answer = answers[path];
  stream.on('error', () => undefined);
  const unframed = new Unframed((request) => {
    if (answer === undefined) {
      watches += 1;
      closed ??= closing(stream);
      void follow(store, stream, { key: keyOf(textAt(bytesAt(request, 1) ?? request, 1)), id: watches, signal: closed });
      return;
    }
    answer(store, request).then(
      (pieces) => sendPieces(stream, pieces),
      (error: unknown) => stream.close(2, () => process.stderr.write(`${String(error)}\n`)),
    );
  });
  stream.on('data', (chunk: Buffer) => unframed.push(chunk));
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
}

/** A thousand watchers that are behind for a moment. */
const sessionMemoryMB = 1000;

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: node test/bench/store-server.ts DIRECTORY');
const store = await createStore({ table: embeddedTable(directory), world: realWorld('warn') });
const server = createServer({ settings: { maxConcurrentStreams: 10_000 }, maxSessionMemory: sessionMemoryMB });
server.on('stream', (stream, headers) => serve(store, stream, String(headers[':path'])));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
