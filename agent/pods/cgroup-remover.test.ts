import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommandFailed } from '../network/run.ts';
import { cgroupRemover } from './cgroup-remover.ts';

const root = mkdtempSync(join(tmpdir(), 'cgroups-'));
after(() => rmSync(root, { recursive: true }));

const ran: string[] = [];
const remove = cgroupRemover(root, async (command) => {
  ran.push(command.join(' '));
  if (command.includes('busy.slice')) throw new CommandFailed(command, 'exit code 1', 'busy');
  return '';
});
const cgroup = (path: string): string => {
  mkdirSync(join(root, path), { recursive: true });
  return join(root, path);
};

test('a pod’s cgroup goes from every hierarchy, and one that is busy stays', async () => {
  const [one, two, unified] = [cgroup('cpu/kubepods/podu1'), cgroup('memory/kubepods/podu1'), cgroup('kubepods/podu1')];
  cgroup('memory/kubepods/podu1/container');
  await remove('/kubepods/podu1');
  assert.deepEqual([one, two, unified].map(existsSync), [false, true, false]);
});

test('systemd stops the slice of a pod, if there is one', async () => {
  cgroup('kubepods.slice/kubepods-podu1.slice');
  await remove('/kubepods.slice/kubepods-podu1.slice');
  await remove('/kubepods.slice/kubepods-podu2.slice');
  assert.deepEqual(ran.splice(0), ['systemctl stop kubepods-podu1.slice']);
});

test('a slice that does not stop fails no pod’s end', async () => {
  cgroup('busy.slice');
  await remove('/busy.slice');
  assert.deepEqual(ran.splice(0), ['systemctl stop busy.slice']);
});
