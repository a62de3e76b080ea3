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
