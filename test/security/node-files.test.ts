/**
 * Files that containers may have made, of every shape. What the agent reads of them ends soon and has a limit; nothing of
 * the node stands in it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { messageWithin } from '../../agent/pods/termination-message.ts';
import { everyCase } from '../support/every-case.ts';
import { fileReaders } from './container-file-readers.ts';
import { pod } from './volume-examples.ts';

const root = mkdtempSync(join(tmpdir(), 'node-files-'));
after(() => rmSync(root, { recursive: true }));
const secret = join(root, 'secret');
mkdirSync(secret);
writeFileSync(join(secret, '0.log'), "2100-01-01T00:00:00.000000000Z stdout F KEY='precious'\nKEY='precious'\n");
const arena = join(root, 'arena');
mkdirSync(arena);

const isRoot = process.getuid?.() === 0;

/** Makes what lies at a path of the arena. */
const shapes: Readonly<Record<string, (path: string) => void>> = {
  'a link to a file': (path) => symlinkSync(join(secret, '0.log'), path),
  'a relative link to a file': (path) => symlinkSync('../secret/0.log', path),
  'a link to a directory': (path) => symlinkSync(secret, path),
  'a link through the process': (path) => symlinkSync(`/proc/self/root${secret}/0.log`, path),
  'a link to itself': (path) => symlinkSync(path, path),
  'a link to nothing': (path) => symlinkSync(join(root, 'nothing'), path),
  'a link to the memory of the reader': (path) => symlinkSync('/proc/self/mem', path),
  'a link to an endless device': (path) => symlinkSync('/dev/zero', path),
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdirSync(path),
  'a file of 256 MB': (path) => {
    const file = openSync(path, 'w');
    ftruncateSync(file, 256 << 20);
    closeSync(file);
  },
  'a line of 40 MB': (path) => writeFileSync(path, 'x'.repeat(40 << 20)),
  'bytes that are no text': (path) => writeFileSync(path, Buffer.from(Array.from({ length: 70_000 }, (_, index) => 128 + (index % 128)))),
  'an empty file': (path) => writeFileSync(path, ''),
  ...(isRoot ? { 'an endless device': (path: string) => void execFileSync('mknod', [path, 'c', '1', '5']) } : {}),
};

const { readers, close } = await fileReaders(arena);
after(close);

const limitMs = 20_000;

test('whatever a container made of a file, the agent reads nothing of the node and comes to an end', { timeout: 300_000 }, async () => {
  const cases = Object.keys(readers).flatMap((reader) =>
    Object.keys(shapes).flatMap((shape) => ['file', 'directory/0.log'].map((where) => ({ reader, shape, where }))),
  );
  let count = 0;
  await everyCase(
    cases,
    ({ reader, shape, where }) => `${reader}: ${shape}, ${where}`,
    async ({ reader, shape, where }) => {
      const name = `n${(count += 1)}`;
      const path = join(arena, name);
      shapes[shape]!(path);
      const { read, bytesMax } = readers[reader]!;
      const asked = where === 'file' ? name : `${name}/0.log`;
      // A link to a directory is the runtime's own where it leads to logs: the agent reads those by their whole path.
      if (where !== 'file' && ['the termination message', 'the end of the output', 'the log'].includes(reader))
        return rmSync(path, { recursive: true });
      const startedMs = performance.now();
      const text = await read(join(arena, asked), asked);
      rmSync(path, { recursive: true });
      assert.ok(performance.now() - startedMs < limitMs, 'it took too long');
      assert.equal(text.includes('precious'), false, 'a file of the node was read');
      assert.ok(Buffer.byteLength(text) <= bytesMax, `${Buffer.byteLength(text)} bytes`);
    },
  );
});

test('the messages of all containers of a pod have 12 KiB together', () => {
  for (const containers of [1, 2, 3, 7, 100]) {
    const some = pod('web', { containers: Array.from({ length: containers }, (_, index) => ({ name: `c${index}` })) });
    assert.ok(messageWithin(some, 'x'.repeat(4096)).length * containers <= 12 << 10);
    assert.equal(messageWithin(some, 'short'), 'short');
  }
});
