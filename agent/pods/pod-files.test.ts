import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pod } from '../../test/support/node-pod.ts';
import { directories } from './directories.ts';
import { createPodFiles } from './pod-files.ts';

const root = mkdtempSync(join(tmpdir(), 'pod-files-'));
after(() => rmSync(root, { recursive: true }));
const where = directories(root);
const files = createPodFiles({ directories: where, clusterDomain: 'cluster.local' });
const of = pod();
const tree = (directory: string): string[] => readdirSync(directory, { recursive: true }).map(String).toSorted();

test('a container finds its /etc/hosts, a place for its log, and one for its last words', async () => {
  await files.prepareSandbox(of);
  await files.prepareContainer(of, 'main', 1, ['10.0.0.2']);
  assert.deepEqual(tree(where.pod('u1')), ['containers', 'containers/main', 'containers/main/1', 'etc-hosts']);
  assert.deepEqual(tree(where.podLogs(of)), ['main']);
  assert.ok(readFileSync(where.hostsFile('u1'), 'utf8').endsWith('10.0.0.2\tweb\n'));
});

test('last words are what the container left, as far as they fit', async () => {
  const path = where.terminationLog('u1', 'main', 1);
  assert.equal(await files.lastWords(of, 'main', 1), '');
  writeFileSync(path, 'goodbye\n');
  assert.equal(await files.lastWords(of, 'main', 1), 'goodbye\n');
  writeFileSync(path, 'x'.repeat(5000));
  assert.equal((await files.lastWords(of, 'main', 1)).length, 4096);
  assert.equal(await files.lastWords(of, 'other', 0), '');
});

test('a removed container takes its logs along, rotated ones too, and leaves those of the next', async () => {
  const logs = join(where.podLogs(of), 'main');
  for (const name of ['1.log', '1.log.20260101-000000.gz', '11.log', '2.log']) writeFileSync(join(logs, name), '');
  await files.removeContainer(of, 'main', 1);
  assert.deepEqual(readdirSync(logs).toSorted(), ['11.log', '2.log']);
  assert.deepEqual(readdirSync(join(where.pod('u1'), 'containers/main')), []);
  await files.removeContainer(of, 'never-there', 0);
});

test('a removed pod leaves no log', async () => {
  await files.remove(of, ['/no/such/cgroup']);
  assert.deepEqual(tree(join(root, 'logs')), []);
});
