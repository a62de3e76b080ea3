import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warningHeaders } from './warning-headers.ts';

/** As a client reads it. */
const read = (header: string): string => Buffer.from(header, 'latin1').toString('utf8');

test('a warning keeps its characters, whatever they are', () => {
  assert.deepEqual(warningHeaders(['unknown field "日本"', 'a\\b']).map(read), ['299 - "unknown field \\"日本\\""', '299 - "a\\\\b"']);
  for (const header of warningHeaders(['日本 🙂 é'])) new Headers().append('warning', header);
});

test('a warning with a character that no header may hold is left out', () => {
  assert.deepEqual(warningHeaders(['a\nb', 'a\u0000', '', 'c']), ['299 - "c"']);
});

test('long warnings are cut, and many end', () => {
  const long = warningHeaders(Array.from({ length: 10_000 }, (_, index) => `${index}${'x'.repeat(1000)}`));
  const length = long.reduce((sum, header) => sum + header.length, 0);
  assert.ok(length < 6_000, String(length));
  const many = warningHeaders(Array.from({ length: 10_000 }, (_, index) => `unknown field "spec.field${index}"`));
  assert.ok(many.length < 200);
  assert.deepEqual(warningHeaders(['x'.repeat(5000)]), [`299 - "${'x'.repeat(256)}"`]);
});

test('a character is never cut in half', () => {
  const [header = ''] = warningHeaders([`${'🙂'.repeat(5_000)}`]);
  assert.equal(read(header), `299 - "${'🙂'.repeat(256)}"`);
});
