import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeSubPath, SubPathError } from './sub-path.ts';

const root = mkdtempSync(join(tmpdir(), 'sub-path-'));
after(() => rmSync(root, { recursive: true }));
const volume = join(root, 'volume');
mkdirSync(volume);
chmodSync(volume, 0o2777);

test('what is missing is made as accessible as the volume', async () => {
  await makeSubPath(volume, join(volume, 'a/b'));
  assert.deepEqual(
    ['a', 'a/b'].map((name) => statSync(join(volume, name)).mode & 0o7777),
    [0o2777, 0o2777],
  );
});

test('what is there stays, be it a file or a link inside', async () => {
  writeFileSync(join(volume, 'file'), 'text');
  symlinkSync('file', join(volume, 'link'));
  await makeSubPath(volume, join(volume, 'file'));
  await makeSubPath(volume, join(volume, 'link'));
  assert.equal(statSync(join(volume, 'link')).size, 4);
});

test('a link that leads out is refused, and nothing is made behind it', async () => {
  const outside = join(root, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, join(volume, 'out'));
  await assert.rejects(makeSubPath(volume, join(volume, 'out/new')), (error) => error instanceof SubPathError);
  assert.equal(existsSync(join(outside, 'new')), false);
});
