import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { running } from '../../test/support/node-pod.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { createLogRotation } from './log-rotation.ts';

const root = mkdtempSync(join(tmpdir(), 'rotation-'));
after(() => rmSync(root, { recursive: true }));

let count = 0;
function node() {
  const directory = mkdtempSync(join(root, String((count += 1))));
  const path = join(directory, '0.log');
  const world = virtualWorld();
  let isBroken = false;
  let statuses = 0;
  let state: 'running' | 'exited' = 'running';
  const runtime = {
    listContainers: async () => [running('main', { state })],
    containerStatus: async () => {
      statuses += 1;
      return running('main', { logPath: path });
    },
    reopenLog: async () => {
      if (isBroken) throw new RuntimeError('Unknown', 'not now');
      writeFileSync(path, '');
    },
  };
  const rotate = createLogRotation({ ...world, runtime, bytesMax: 4, filesMax: 4 });
  const files = () => readdirSync(directory).toSorted();
  return {
    world,
    path,
    directory,
    rotate,
    files,
    break: (to: boolean) => (isBroken = to),
    end: () => (state = 'exited'),
    statuses: () => statuses,
  };
}

test('a log that grew too large is put aside, older ones are compressed, the oldest go', async () => {
  const { world, path, directory, rotate, files } = node();
  for (let round = 0; round < 5; round += 1) {
    writeFileSync(path, `round ${round}\n`);
    await rotate();
    await world.advance(60_000);
  }
  assert.deepEqual(files(), ['0.log', '0.log.20260101-000200.gz', '0.log.20260101-000300.gz', '0.log.20260101-000400']);
  assert.equal(gunzipSync(readFileSync(join(directory, '0.log.20260101-000200.gz'))).toString(), 'round 2\n');
  assert.equal(readFileSync(join(directory, '0.log.20260101-000400'), 'utf8'), 'round 4\n');
  assert.equal(readFileSync(path, 'utf8'), '');
});

test('small logs and those of ended containers stay', async () => {
  const { path, rotate, files, end } = node();
  await rotate();
  writeFileSync(path, 'abcd');
  await rotate();
  assert.deepEqual(files(), ['0.log']);
  writeFileSync(path, 'abcde');
  end();
  await rotate();
  assert.deepEqual(files(), ['0.log']);
});

test('a log that the runtime does not begin anew keeps its name', async () => {
  const { world, path, rotate, files, break: breakIt } = node();
  writeFileSync(path, 'abcde');
  breakIt(true);
  await rotate();
  assert.deepEqual(files(), ['0.log']);
  assert.deepEqual(world.lines.at(-1)?.keys, { container: 'main-0', error: 'rpc error: code = Unknown desc = not now' });
  breakIt(false);
  await rotate();
  assert.deepEqual(files(), ['0.log', '0.log.20260101-000000']);
});

test('the runtime is asked once where the log of a container is', async () => {
  const { path, rotate, files, statuses } = node();
  await rotate();
  writeFileSync(path, 'abcde');
  await rotate();
  assert.deepEqual([files(), statuses()], [['0.log', '0.log.20260101-000000'], 1]);
});

test('what an interrupted compression left is taken away', async () => {
  const { path, directory, rotate, files } = node();
  writeFileSync(path, 'abcde');
  writeFileSync(join(directory, '0.log.20251231-000000.tmp'), 'half');
  await rotate();
  assert.deepEqual(files(), ['0.log', '0.log.20260101-000000']);
});
