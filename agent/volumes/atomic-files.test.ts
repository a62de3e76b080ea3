import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeAtomically } from './atomic-files.ts';

const root = mkdtempSync(join(tmpdir(), 'atomic-'));
after(() => rmSync(root, { recursive: true }));
const files = (content: Record<string, string>) =>
  new Map(Object.entries(content).map(([name, text]) => [name, { content: Buffer.from(text), mode: 0o640 }]));

test('replaces all files at once, drops what is no longer there, leaves alone what is right', async () => {
  const directory = join(root, 'volume');
  assert.equal(await writeAtomically(directory, files({ a: '1', b: '2' }), { stamp: 'one' }), true);
  assert.equal(await writeAtomically(directory, files({ a: '1', b: '2' }), { stamp: 'two' }), false);
  assert.equal(readlinkSync(join(directory, '..data')), '..one');
  assert.equal(await writeAtomically(directory, files({ a: '9', 'sub/c': '3' }), { stamp: 'three' }), true);
  assert.deepEqual(readdirSync(directory).toSorted(), ['..data', '..three', 'a', 'sub']);
  assert.deepEqual([readFileSync(join(directory, 'a'), 'utf8'), readFileSync(join(directory, 'sub/c'), 'utf8')], ['9', '3']);
  assert.equal(statSync(join(directory, 'a')).mode & 0o777, 0o640);
});
