import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { pod } from '../../test/support/node-pod.ts';
import { DevicePool, noGrant, together } from './device-pool.ts';

const resource = 'example.com/gpu';
const container = (name: string, count: string): Container => ({
  name,
  image: 'i',
  resources: { limits: { [resource]: count, cpu: '1' } },
});
const withUid = (uid: string, more: object = {}): Pod => pod(more, { uid });

function poolOf(...healthy: readonly boolean[]): DevicePool {
  const pool = new DevicePool([]);
  const devices = healthy.map((isHealthy, index) => ({ id: `d${index}`, isHealthy }));
  pool.setDevices(resource, devices);
  return pool;
}

const take = (pool: DevicePool, { uid, name }: { readonly uid: string; readonly name: string }, ids: readonly string[]) =>
  pool.add({ podUid: uid, container: name, resource, ids, grant: noGrant });

test('counts devices, and those that are healthy', () => {
  assert.deepEqual(poolOf(true, false, true).counts(0), { capacity: { [resource]: '3' }, allocatable: { [resource]: '2' } });
});

test('a resource whose plug-in went has none that is healthy, and is gone after five minutes', () => {
  const pool = poolOf(true, true);
  pool.setGone(resource, 1000);
  assert.deepEqual(pool.counts(2000), { capacity: { [resource]: '2' }, allocatable: { [resource]: '0' } });
  assert.deepEqual(pool.counts(1000 + 300_000), { capacity: {}, allocatable: {} });
});

test('a container wants what plug-ins of the node have, and nothing else of its limits', () => {
  assert.deepEqual(poolOf(true).wanted(container('main', '2')), [[resource, 2]]);
  assert.deepEqual(new DevicePool([]).wanted(container('main', '2')), []);
});

test('devices of running pods are taken, those of ended pods are free', () => {
  const pool = poolOf(true, false, true);
  const [one, two] = [withUid('u1'), withUid('u2')];
  take(pool, { uid: 'u1', name: 'main' }, ['d0']);
  assert.deepEqual(pool.available({ pod: two, pods: [one, two] }, resource, 1), ['d2']);
  assert.throws(() => pool.available({ pod: two, pods: [one, two] }, resource, 2), {
    message: 'requested number of devices unavailable for example.com/gpu. Requested: 2, Available: 1',
  });
  const ended: Pod = { ...one, status: { phase: 'Succeeded' } };
  assert.deepEqual(pool.available({ pod: two, pods: [ended, two] }, resource, 2), ['d0', 'd2']);
});

test('containers use the devices of init containers of their pod again, but not those of sidecars', () => {
  const pool = poolOf(true, true);
  const initContainers = [container('init', '1'), { ...container('side', '1'), restartPolicy: 'Always' }];
  const own = withUid('u1', { initContainers, containers: [container('main', '1')] });
  take(pool, { uid: 'u1', name: 'init' }, ['d0']);
  take(pool, { uid: 'u1', name: 'side' }, ['d1']);
  assert.deepEqual(pool.available({ pod: own, pods: [own] }, resource, 1), ['d0']);
});

test('what several plug-ins give comes together', () => {
  const device = { containerPath: '/dev/a', hostPath: '/dev/b', permissions: 'rw' };
  const grant = together([
    { ...noGrant, env: { A: '1' }, devices: [device] },
    { ...noGrant, env: { B: '2' }, cdiDevices: ['x.com/y=z'] },
  ]);
  assert.deepEqual(grant, { env: { A: '1', B: '2' }, mounts: [], devices: [device], annotations: {}, cdiDevices: ['x.com/y=z'] });
});
