import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { chunkBytesMax, decodeChunk, encodeChunk, encodedBytesMax, type RelayChunk } from './relay-chunk.ts';

const chunk = (fields: Partial<RelayChunk> = {}): RelayChunk => ({
  sender: 2 ** 32 - 1,
  code: 200,
  isLast: false,
  bytes: Buffer.alloc(0),
  ...fields,
});

test('a chunk holds the same after its journey', () => {
  for (const sent of [chunk(), chunk({ code: 400, isLast: true, bytes: Buffer.from('{"kind":"Status"}') }), chunk({ sender: 0 })]) {
    const { bytes, ...rest } = decodeChunk(encodeChunk(sent))!;
    assert.deepEqual({ ...rest, bytes: Buffer.from(bytes) }, sent);
  }
});

test('a chunk of text is smaller than the text, and one of noise hardly larger', () => {
  const log = Buffer.from('2026-01-01T00:00:01Z GET /healthz 200 1ms\n'.repeat(5000)).subarray(0, chunkBytesMax);
  assert.ok(encodeChunk(chunk({ bytes: log })).length < log.length / 10);
  assert.ok(encodeChunk(chunk({ bytes: randomBytes(chunkBytesMax) })).length <= encodedBytesMax);
});

test('what is no chunk is not taken for one', () => {
  const head = encodeChunk(chunk());
  for (const wrong of [Buffer.alloc(3), Buffer.concat([head, Buffer.from('noise')])]) assert.equal(decodeChunk(wrong), undefined);
  const bomb = Buffer.concat([head, deflateRawSync(Buffer.alloc(chunkBytesMax + 1))]);
  assert.equal(decodeChunk(bomb), undefined);
});
