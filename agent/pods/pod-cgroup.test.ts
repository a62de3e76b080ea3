import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pod } from '../../test/support/node-pod.ts';
import { podCgroup, possibleCgroups, type CgroupPlace } from './pod-cgroup.ts';

const ofClass = (qosClass: string) => ({ ...pod(), status: { qosClass } });
const paths = (place: CgroupPlace): string[] => ['Guaranteed', 'Burstable', 'BestEffort'].map((name) => podCgroup(place, ofClass(name)));

test('a pod’s cgroup is below that of its class', () => {
  assert.deepEqual(paths({ root: '/hosts/a/', driver: 'cgroupfs' }), [
    '/hosts/a/kubepods/podu1',
    '/hosts/a/kubepods/burstable/podu1',
    '/hosts/a/kubepods/besteffort/podu1',
  ]);
});

test('systemd’s slices carry the names of those around them', () => {
  assert.deepEqual(paths({ root: '', driver: 'systemd' }), [
    '/kubepods.slice/kubepods-podu1.slice',
    '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podu1.slice',
    '/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podu1.slice',
  ]);
});

test('a dash in a name is no new level of slices', () => {
  assert.deepEqual(
    possibleCgroups({ root: '/my-pods', driver: 'systemd' }, '6f-2a')[0],
    '/my_pods.slice/my_pods-kubepods.slice/my_pods-kubepods-pod6f_2a.slice',
  );
});

test('a pod’s cgroup may be at each class', () => {
  assert.deepEqual(possibleCgroups({ root: '/x', driver: 'cgroupfs' }, 'u1'), [
    '/x/kubepods/podu1',
    '/x/kubepods/besteffort/podu1',
    '/x/kubepods/burstable/podu1',
  ]);
});
