import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unifiedDiff } from './unified-diff.ts';

test('a change is shown with three lines around it', () => {
  const value = (storage: string): object => ({ Selector: null, Resources: { Limits: null, Requests: { storage } }, VolumeName: '' });
  assert.equal(
    unifiedDiff(value('1Gi'), value('1')),
    '@@ -3,7 +3,7 @@\n  "Resources": {\n   "Limits": null,\n   "Requests": {\n-   "storage": "1Gi"\n+   "storage": "1"\n   }\n  },\n  "VolumeName": ""\n',
  );
});

test('equal values differ in nothing', () => assert.equal(unifiedDiff({ a: 1 }, { a: 1 }), ''));

test('distant changes are shown apart', () => {
  const value = (first: number, last: number): object => [first, 1, 2, 3, 4, 5, 6, 7, 8, last];
  assert.deepEqual(unifiedDiff(value(0, 0), value(9, 9)).match(/^@@.*$/gm), ['@@ -1,5 +1,5 @@', '@@ -8,5 +8,5 @@']);
});

test('a line that is everywhere in a long text begins no common part', () => {
  const value = (...middle: number[]): number[] => [
    ...Array.from({ length: 110 }, (_, n) => n),
    0,
    0,
    0,
    ...middle,
    0,
    0,
    0,
    7,
    ...Array.from({ length: 110 }, (_, n) => n),
  ];
  // What Python's difflib prints of the same two texts.
  assert.equal(
    unifiedDiff(value(500), value(501, 0, 502)),
    '@@ -112,7 +112,9 @@\n  0,\n  0,\n  0,\n- 500,\n+ 501,\n+ 0,\n+ 502,\n  0,\n  0,\n  0,\n',
  );
});
