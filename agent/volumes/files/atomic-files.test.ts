import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Directory } from '../../files/directory.ts';
import { writeAtomically, type WriteOptions } from './atomic-files.ts';

const root = mkdtempSync(join(tmpdir(), 'atomic-'));
after(() => rmSync(root, { recursive: true }));
const files = (content: Record<string, string>) =>
  new Map(Object.entries(content).map(([name, text]) => [name, { content: Buffer.from(text), mode: 0o640 }]));

let count = 0;
function volume() {
  const path = join(root, `volume-${(count += 1)}`);
  const write = async (content: Record<string, string>, options: WriteOptions): Promise<string> => {
    await using directory = await Directory.make(path);
    return await writeAtomically(directory, files(content), options);
  };
  return { path, write };
}

test('replaces all files at once, drops what is no longer there, leaves alone what is right', async () => {
  const { path, write } = volume();
  assert.equal(await write({ a: '1', b: '2' }, { stamp: 'one' }), '..one');
  assert.equal(await write({ a: '1', b: '2' }, { stamp: 'two', current: '..one' }), '..one');
  assert.equal(readlinkSync(join(path, '..data')), '..one');
  assert.equal(await write({ a: '9', 'sub/c': '3' }, { stamp: 'three', current: '..one' }), '..three');
  assert.deepEqual(readdirSync(path).toSorted(), ['..data', '..three', 'a', 'sub']);
  assert.deepEqual([readFileSync(join(path, 'a'), 'utf8'), readFileSync(join(path, 'sub/c'), 'utf8')], ['9', '3']);
  assert.equal(statSync(join(path, 'a')).mode & 0o777, 0o640);
});

const outside = join(root, 'outside');
mkdirSync(join(outside, 'sub'), { recursive: true });
for (const name of ['kept', 'sub/kept']) writeFileSync(join(outside, name), 'precious');
const isUntouched = (): void => {
  assert.deepEqual(readdirSync(outside, { recursive: true }).map(String).toSorted(), ['kept', 'sub', 'sub/kept']);
  for (const name of ['kept', 'sub/kept']) assert.equal(readFileSync(join(outside, name), 'utf8'), 'precious');
};

/** What a container that can write the volume may do to it between two updates. */
const swaps: Readonly<Record<string, (path: string) => void>> = {
  'the data link leads out': (path) => {
    rmSync(join(path, '..data'));
    symlinkSync(outside, join(path, '..data'));
  },
  'the data link is a directory': (path) => {
    rmSync(join(path, '..data'));
    mkdirSync(join(path, '..data/x'), { recursive: true });
  },
  'the timestamped directory is a link that leads out': (path) => {
    renameSync(join(path, '..one'), join(path, '..moved'));
    symlinkSync(outside, join(path, '..one'));
  },
  'a file in it is a link that leads out': (path) => {
    rmSync(join(path, '..one/a'));
    symlinkSync(join(outside, 'kept'), join(path, '..one/a'));
  },
  'a directory in it is a link that leads out': (path) => {
    rmSync(join(path, '..one/sub'), { recursive: true });
    symlinkSync(join(outside, 'sub'), join(path, '..one/sub'));
  },
  'a name leads out': (path) => {
    rmSync(join(path, 'sub'));
    symlinkSync(join(outside, 'sub'), join(path, 'sub'));
  },
  'the next timestamped directory is a link that leads out': (path) => symlinkSync(outside, join(path, '..two')),
  'the draft of the link is a directory': (path) => mkdirSync(join(path, '..data_tmp')),
};

for (const [what, swap] of Object.entries(swaps)) {
  for (const content of [
    { a: '1', 'sub/c': '2' },
    { a: '3', 'sub/c': '4' },
  ]) {
    test(`writes nothing outside when ${what}, and content ${content.a} is wanted`, async () => {
      const { path, write } = volume();
      const current = await write({ a: '1', 'sub/c': '2' }, { stamp: 'one' });
      swap(path);
      let next = current;
      try {
        next = await write(content, { stamp: 'two', current });
      } catch (error) {
        assert.match(String(error), /ENOTDIR|EEXIST|ELOOP/);
      }
      isUntouched();
      next = await write(content, { stamp: 'three', current: next });
      isUntouched();
      assert.deepEqual([readFileSync(join(path, 'a'), 'utf8'), readFileSync(join(path, 'sub/c'), 'utf8')], [content.a, content['sub/c']]);
      assert.equal(readlinkSync(join(path, '..data')), next);
    });
  }
}
