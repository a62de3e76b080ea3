import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain, type KeyEvent } from './linearizable.ts';

const reads = (start: number, end: number, seen: string): KeyEvent => ({ start, end, allows: (value) => value === seen });
const writes = (start: number, end: number | undefined, value: string): KeyEvent => ({ start, end, allows: () => true, writes: value });

test('a read after a write that was answered sees it', () => {
  assert.equal(explain([writes(1, 2, 'a'), reads(3, 4, 'a')]), 'yes');
  assert.equal(explain([writes(1, 2, 'a'), reads(3, 4, '')]), 'no');
});

test('a write without an answer may happen at any time, or never', () => {
  assert.equal(explain([writes(1, undefined, 'a'), reads(2, 3, ''), reads(4, 5, 'a')]), 'yes');
  assert.equal(explain([writes(1, undefined, 'a'), reads(2, 3, 'a'), reads(4, 5, '')]), 'no');
});

test('two readers agree on the order of what overlaps', () => {
  const both = [writes(1, 10, 'a'), writes(2, 10, 'b')];
  assert.equal(explain([...both, reads(3, 4, 'b'), reads(5, 6, 'a')]), 'yes');
  assert.equal(explain([...both, reads(3, 4, 'b'), reads(5, 6, 'a'), reads(7, 8, 'b')]), 'no');
});
