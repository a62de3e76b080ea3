import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CostCounters, itemBytes, readUnitsOf, sumOf, writeUnitsOf } from './costs.ts';
import { metaAttributes, entryAttributes } from './item.ts';

test('an item weighs its names and values, numbers two digits a byte', () => {
  assert.equal(itemBytes({ pk: { S: 'abc' }, é: { N: '12345' }, b: { B: Buffer.alloc(100) } }), 2 + 3 + (2 + 4) + (1 + 100));
  assert.equal(itemBytes({ n: { N: '-1200.5' } }), 1 + 4);
  assert.equal(itemBytes({ n: { N: '1200' } }), 1 + 2);
  assert.equal(itemBytes({ l: { L: [{ S: 'ab' }, { S: 'c' }] } }), 1 + 3 + (1 + 2) + (1 + 1));
});

test('a log entry weighs little more than its frames', () => {
  const entry = {
    logIndex: 1_000_000,
    firstRevision: 2_000_000,
    count: 64,
    nonce: 'x'.repeat(36),
    writtenMs: 1.7e12,
    frames: Buffer.alloc(900),
  };
  assert.equal(itemBytes(entryAttributes('c', entry, 1.8e12)), 981);
  assert.equal(itemBytes(metaAttributes('c', { logIndex: 1, revision: 2 })), 36);
});

test('units are rounded up, and nothing is free', () => {
  assert.deepEqual([0, 1, 1024, 1025, 4096].map(writeUnitsOf), [1, 1, 1, 2, 4]);
  assert.deepEqual([0, 4096, 4097, 1024 ** 2].map(readUnitsOf), [1, 1, 2, 256]);
});

test('costs are summed by operation until they are taken', () => {
  const costs = new CostCounters();
  costs.count('appendEntry', { calls: 1, writeUnits: 2 });
  costs.count('appendEntry', { calls: 1, writeUnits: 1, bytesOut: 10 });
  costs.count('readEntries', { calls: 1, readUnits: 1 });
  const taken = costs.take();
  assert.deepEqual(taken.get('appendEntry'), { calls: 2, bytesOut: 10, bytesIn: 0, writeUnits: 3, readUnits: 0 });
  assert.deepEqual(sumOf(taken.values()), { calls: 3, bytesOut: 10, bytesIn: 0, writeUnits: 3, readUnits: 1 });
  assert.equal(costs.take().size, 0);
});
