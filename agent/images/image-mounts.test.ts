import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailed } from '../network/run.ts';
import { createImageMounts } from './image-mounts.ts';

test('an image is mounted again after an interrupted try, and its snapshot stays as long as the mount', async () => {
  const ran: string[] = [];
  const mounts = createImageMounts({
    runtime: { imageDirectory: async () => '/containerd/io.containerd.snapshotter.v1.native' },
    socketPath: '/socket',
    run: async (command) => {
      ran.push(command.join(' ').replace('ctr --address /socket --namespace k8s.io ', ''));
      if (command.includes('rm')) throw new CommandFailed(command, 'exit code 1', 'ctr: snapshot /v: not found');
      return '';
    },
  });
  await mounts.mount({ id: 'sha256:1' }, '/v');
  assert.deepEqual(ran, [
    'snapshots --snapshotter native rm /v',
    'images mount --snapshotter native sha256:1 /v',
    'snapshots --snapshotter native label /v containerd.io/gc.root=pod',
    'mount -o remount,bind,ro,noexec,nosuid,nodev /v',
  ]);
  ran.length = 0;
  await mounts.unmount('/v');
  assert.deepEqual(ran, ['snapshots --snapshotter native rm /v']);
});
