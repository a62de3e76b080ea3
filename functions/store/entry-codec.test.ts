import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrames, encodeFrames, type Frame } from './entry-codec.ts';
import { StoreError } from './store.ts';

const frames: Frame[] = [
  { type: 'added', key: { resource: 'pods', namespace: 'default', name: 'a' }, uid: 'u', previousRevision: 0, body: Buffer.from('one') },
  {
    type: 'modified',
    key: { resource: 'nodes', namespace: '', name: 'é' },
    uid: '',
    previousRevision: 7,
    previous: { labels: { app: 'web' }, fields: { 'spec.nodeName': '' } },
    body: Buffer.alloc(300, 255),
  },
  { type: 'deleted', key: { resource: 'pods', namespace: 'x', name: 'b' }, uid: 'v', previousRevision: 3, body: Buffer.alloc(0) },
];

const itemOf = (encoded: Uint8Array, count: number) => ({
  logIndex: 5,
  firstRevision: 9,
  count,
  nonce: 'n',
  writtenMs: 0,
  frames: encoded,
});

test('reads back what it wrote', () => {
  assert.deepEqual(decodeFrames(itemOf(encodeFrames(frames), 3)), frames);
  const compactRevision: Frame[] = [{ type: 'compaction', compactRevision: 12 }];
  assert.deepEqual(decodeFrames(itemOf(encodeFrames(compactRevision), 1)), compactRevision);
});

test('finds any single damaged byte', () => {
  const encoded = encodeFrames(frames);
  for (let at = 0; at < encoded.length; at += 1) {
    const damaged = Buffer.from(encoded);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x20, at);
    assert.throws(
      () => decodeFrames(itemOf(damaged, 3)),
      new StoreError('corrupt', 'log entry 5 cannot be read: its checksum is wrong'),
      `byte ${at}`,
    );
  }
});

test('refuses a log entry that holds another number of changes than its head states', () => {
  assert.throws(
    () => decodeFrames(itemOf(encodeFrames(frames), 2)),
    new StoreError('corrupt', 'log entry 5 cannot be read: it holds 3 changes, not 2'),
  );
});
