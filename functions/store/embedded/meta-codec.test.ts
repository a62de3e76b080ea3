import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeItem } from './item-codec.ts';
import { decodeMeta, encodeMeta } from './meta-codec.ts';

test('the watermark is stored under the names of the first version', () => {
  const stored = { slot: 5, revision: 9, writtenMs: 1, passed: { slot: 4, revision: 7, atMs: 2 } };
  const meta = { logIndex: 5, revision: 9, writtenMs: 1, passed: { logIndex: 4, revision: 7, atMs: 2 } };
  assert.deepEqual(decodeMeta(encodeItem(stored)), meta);
  assert.deepEqual(encodeMeta(meta), encodeItem(stored));
});

test('the first watermark has passed no place', () => {
  const meta = { logIndex: 0, revision: 0 };
  assert.deepEqual(decodeMeta(encodeMeta(meta)), meta);
});
