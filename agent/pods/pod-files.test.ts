import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exited, pod } from '../../test/support/node-pod.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import { directories } from './directories.ts';
import { createPodFiles } from './pod-files.ts';

const root = mkdtempSync(join(tmpdir(), 'pod-files-'));
after(() => rmSync(root, { recursive: true }));
const where = directories(root);
mkdirSync(where.containerLogs);
const files = createPodFiles({ directories: where, clusterDomain: 'cluster.local', removeCgroup: async () => {} });
const of = pod();
const tree = (directory: string): string[] => readdirSync(directory, { recursive: true }).map(String).toSorted();

test('a container gets /etc/hosts, a directory for its log, and a termination message file', async () => {
  await files.prepareSandbox(of);
  await files.prepareContainer(of, 'main', 1, ['10.0.0.2']);
  assert.deepEqual(tree(where.pod('u1')), ['containers', 'containers/main', 'containers/main/1', 'etc-hosts']);
  assert.deepEqual(tree(where.podLogs(of)), ['main']);
  assert.equal(statSync(where.terminationLog('u1', 'main', 1)).mode & 0o777, 0o666, 'any user may write it');
  assert.ok(readFileSync(where.hostsFile('u1'), 'utf8').endsWith('10.0.0.2\tweb\n'));
});

const dead = (more: Partial<ContainerStatus> = {}): ContainerStatus =>
  exited('main', 1, { attempt: 1, logPath: join(where.podLogs(of), 'main/1.log'), ...more });

test('the termination message is the end of what the container left in its termination log', async () => {
  const path = where.terminationLog('u1', 'main', 1);
  assert.equal(await files.terminationMessage(of, dead()), '');
  writeFileSync(path, 'goodbye\n');
  assert.equal(await files.terminationMessage(of, dead()), 'goodbye\n');
  writeFileSync(path, `${'x'.repeat(5000)}end`);
  assert.equal(await files.terminationMessage(of, dead()), `${'x'.repeat(4093)}end`);
  assert.equal(await files.terminationMessage(of, dead({ name: 'other', attempt: 0 })), '');
  writeFileSync(path, '');
});

test('FallbackToLogsOnError reports the last 80 lines or 2 KiB of a failed container that left nothing else', async () => {
  const fallback = pod({ containers: [{ name: 'main', image: 'busybox:1.36', terminationMessagePolicy: 'FallbackToLogsOnError' }] });
  const line = (text: string, tag = 'F'): string => `2026-01-01T00:00:00.0Z stdout ${tag} ${text}\n`;
  const log = (...lines: string[]): void => writeFileSync(dead().logPath, lines.join(''));
  log(line('one'), line('DO', 'P'), line('NE', 'P'));
  assert.equal(await files.terminationMessage(fallback, dead()), 'one\nDONE');
  assert.equal(await files.terminationMessage(of, dead()), '');
  assert.equal(await files.terminationMessage(fallback, dead({ exitCode: 0 })), '');
  assert.equal(await files.terminationMessage(fallback, dead({ reason: 'ContainerCannotRun' })), '');
  log(...Array.from({ length: 100 }, (_, index) => line(String(index))));
  assert.equal((await files.terminationMessage(fallback, dead())).split('\n')[0], '20');
  log(line('a'.repeat(3000)));
  assert.equal(await files.terminationMessage(fallback, dead()), `${'a'.repeat(2047)}\n`);
  writeFileSync(where.terminationLog('u1', 'main', 1), 'own words');
  assert.equal(await files.terminationMessage(fallback, dead()), 'own words');
});

test('a removed container takes its logs along, rotated ones too, and leaves those of the next', async () => {
  const logs = join(where.podLogs(of), 'main');
  for (const name of ['1.log', '1.log.20260101-000000.gz', '11.log', '2.log']) writeFileSync(join(logs, name), '');
  await files.removeContainer(of, 'main', 1);
  assert.deepEqual(readdirSync(logs).toSorted(), ['11.log', '2.log']);
  assert.deepEqual(readdirSync(join(where.pod('u1'), 'containers/main')), []);
  await files.removeContainer(of, 'never-there', 0);
});

test('a removed pod leaves no log and no link to one, and other pods keep theirs', async () => {
  const sibling = pod({}, { name: 'web', uid: 'u1-next' });
  await files.prepareSandbox(sibling);
  for (const each of [of, sibling]) await files.linkLog(each, { name: 'main', id: each.metadata.uid!, attempt: 2 });
  await files.remove(of, ['/no/such/cgroup']);
  assert.deepEqual(tree(join(root, 'logs')), ['default_web_u1-next']);
  assert.deepEqual(readdirSync(where.containerLogs), ['web_default_main-u1-next.log']);
});

test('pods are found by the files they have, with the names that log directories carry', async () => {
  const owner = { podUid: 'u1-next', podName: 'web', podNamespace: 'default' };
  assert.deepEqual(await files.owners(), [owner, { podUid: 'u1', podName: '', podNamespace: '' }]);
  rmSync(where.pod('u1'), { recursive: true });
  rmSync(where.pod('u1-next'), { recursive: true });
  assert.deepEqual(await files.owners(), [owner]);
  await files.remove(pod({}, { name: 'web', uid: 'u1-next' }), []);
  assert.deepEqual(await files.owners(), []);
});
