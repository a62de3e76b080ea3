import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSubPath, SubPathError } from './sub-path.ts';

const root = mkdtempSync(join(tmpdir(), 'sub-path-'));
after(() => rmSync(root, { recursive: true }));
const volume = join(root, 'volume');
mkdirSync(volume);
chmodSync(volume, 0o2777);
/** What the handle refers to, as the kernel sees it. */
const opened = async (path: string): Promise<{ inode: number }> => {
  await using handle = await openSubPath({ volumePath: volume, path });
  return { inode: (await handle.stat()).ino };
};
const inode = (path: string): { inode: number } => ({ inode: statSync(path).ino });

test('what is missing is made as accessible as the volume', async () => {
  assert.deepEqual(await opened('a/b'), inode(join(volume, 'a/b')));
  assert.deepEqual(
    ['a', 'a/b'].map((name) => statSync(join(volume, name)).mode & 0o7777),
    [0o2777, 0o2777],
  );
});

test('what is there stays, be it a file or a link inside', async () => {
  writeFileSync(join(volume, 'file'), 'text');
  symlinkSync('file', join(volume, 'link'));
  symlinkSync(join(volume, 'a'), join(volume, 'absolute'));
  assert.deepEqual(await opened('file'), inode(join(volume, 'file')));
  assert.deepEqual(await opened('link'), inode(join(volume, 'file')));
  assert.deepEqual(await opened('absolute/b'), inode(join(volume, 'a/b')));
  assert.deepEqual(await opened('.'), inode(volume));
  assert.equal(readFileSync(join(volume, 'file'), 'utf8'), 'text');
});

test('a link that leads out is refused, and nothing is made behind it', async () => {
  const outside = join(root, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, join(volume, 'out'));
  symlinkSync('../outside', join(volume, 'relative-out'));
  for (const path of ['out', 'out/new', 'relative-out/new']) await assert.rejects(opened(path), (error) => error instanceof SubPathError);
  assert.equal(existsSync(join(outside, 'new')), false);
});
