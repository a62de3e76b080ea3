import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NFSVolumeSource, PersistentVolume } from '../../../functions/kube/generated/types.ts';
import { mountOptionsOf, nfsMount } from './nfs.ts';

const mount = (source: Partial<NFSVolumeSource>, isReadOnly = false, mountOptions: readonly string[] = []) =>
  nfsMount({ source: { server: 'files.example', path: '/exports/a', ...source }, isReadOnly, mountOptions }, '/target');

test('mounts the path of the server', () => {
  assert.deepEqual(mount({}), { type: 'nfs', source: 'files.example:/exports/a', target: '/target', options: [] });
});

test('puts an IPv6 address into brackets', () => assert.equal(mount({ server: 'fd00::7' }).source, '[fd00::7]:/exports/a'));

test('gives mount options in order, each once, and ro for a volume that is only read', () => {
  assert.deepEqual(mount({}, true, ['nolock', 'hard', '', 'hard']).options, ['hard', 'nolock', 'ro']);
});

test('takes the mount options of a volume from its annotation first', () => {
  const volume = (annotations: Record<string, string>): PersistentVolume => ({
    metadata: { name: 'disk', annotations },
    spec: { mountOptions: ['hard'] },
  });
  assert.deepEqual(mountOptionsOf(volume({})), ['hard']);
  assert.deepEqual(mountOptionsOf(volume({ 'volume.beta.kubernetes.io/mount-options': 'soft,nfsvers=4.1' })), ['soft', 'nfsvers=4.1']);
});
