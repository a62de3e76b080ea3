import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Directory } from '../files/directory.ts';
import { directoryUsage, fileSystemUsage } from './disk-usage.ts';

const fileBytes = 1 << 20;

describe('disk usage', () => {
  let root = '';

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'usage-'));
  });
  after(() => rm(root, { recursive: true }));

  /** A file of a mebibyte, so many directories below a new one. No path is longer than what the kernel takes: each is made below a handle. */
  async function deep(name: string, depth: number): Promise<string> {
    let directory = await Directory.make(join(root, name));
    for (let level = 0; level < depth; level += 1) {
      await using above = directory;
      directory = await above.makeDirectory('d', 0o755);
    }
    await using bottom = directory;
    await using file = await bottom.create('file');
    await file.writeFile(Buffer.alloc(fileBytes, 1));
    return join(root, name);
  }

  for (const depth of [0, 1, 15, 16, 17, 33, 70])
    test(`a file ${depth} directories down is counted`, async () => {
      const { usedBytes, inodesUsed } = await directoryUsage(await deep(`depth-${depth}`, depth));
      assert.equal(inodesUsed, depth + 2);
      assert.ok(usedBytes >= fileBytes);
    });

  test('what is deeper than the walk goes uses as much as its file system', async () => {
    const path = await deep('too-deep', 11);
    const limits = { entries: 1_000, depth: 10 };
    assert.equal((await directoryUsage(path, { ...limits, depth: 11 })).inodesUsed, 13);
    const { usedBytes } = await directoryUsage(path, limits);
    const whole = await fileSystemUsage(path);
    assert.ok(usedBytes > whole.usedBytes / 2, `${usedBytes} of ${whole.usedBytes}`);
  });

  test('what has more entries than are counted uses as much as its file system', async () => {
    const path = await deep('many', 0);
    for (let index = 0; index < 20; index += 1) await writeFile(join(path, `${index}`), '');
    const whole = await fileSystemUsage(path);
    assert.ok((await directoryUsage(path, { entries: 10, depth: 10 })).usedBytes > whole.usedBytes / 2);
    assert.equal((await directoryUsage(path, { entries: 22, depth: 10 })).inodesUsed, 22);
  });

  test('a directory that is missing uses nothing', async () => {
    assert.deepEqual(await directoryUsage(join(root, 'absent')), { usedBytes: 0, inodesUsed: 0 });
  });
});
