import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Directory } from './directory.ts';
import { emptyTrash, removeTree } from './remove-tree.ts';

const root = mkdtempSync(join(tmpdir(), 'remove-'));
after(() => rmSync(root, { recursive: true }));
const outside = join(root, 'outside');
mkdirSync(outside);
writeFileSync(join(outside, 'precious'), '');

async function removed(name: string): Promise<readonly string[]> {
  await using parent = await Directory.open(root);
  await using trash = await Directory.make(join(root, 'trash'));
  await removeTree(parent, name, trash);
  assert.equal(existsSync(join(root, name)), false);
  return await trash.names();
}

test('links are removed, not what they lead to', async () => {
  const tree = join(root, 'tree');
  mkdirSync(join(tree, 'a/b'), { recursive: true });
  symlinkSync(outside, join(tree, 'a/link'));
  symlinkSync(outside, join(root, 'top'));
  assert.deepEqual(await removed('tree'), []);
  assert.deepEqual(await removed('top'), []);
  assert.deepEqual(readdirSync(outside), ['precious']);
});

test('a name that is no text is removed', async () => {
  mkdirSync(join(root, 'bytes'));
  writeFileSync(Buffer.concat([Buffer.from(`${join(root, 'bytes')}/`), Buffer.from([0xff, 0xfe])]), '');
  assert.deepEqual(await removed('bytes'), []);
});

test('a tree of any depth is removed with few open files', async () => {
  // Its path is longer than the kernel takes, and it has more directories than a process may open.
  const depth = 2100;
  {
    mkdirSync(join(root, 'deep'));
    let current = await Directory.open(join(root, 'deep'));
    for (let level = 0; level < depth; level += 1) {
      await using parent = current;
      current = await parent.makeDirectory('d', 0o755);
    }
    await using _last = current;
  }
  assert.deepEqual(await removed('deep'), []);
});

test('what is missing is removed already', async () => {
  assert.deepEqual(await removed('never'), []);
});

test('what an interrupted removal left in the trash is removed by the next agent', async () => {
  await using trash = await Directory.make(join(root, 'left'));
  mkdirSync(join(root, 'left/1-2/x'), { recursive: true });
  await emptyTrash(trash);
  assert.deepEqual(await trash.names(), []);
});

test('a name that leads elsewhere is refused', async () => {
  await using parent = await Directory.open(root);
  for (const name of ['..', '.', '', 'a/b', '/etc']) await assert.rejects(parent.directory(name), /not the name of an entry/);
});
