import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { exited, nowMs, running, sandbox } from '../../test/support/node-pod.ts';
import { RuntimeError, type Runtime } from '../runtime/runtime.ts';
import { observePod, runtimeFingerprints } from './observer.ts';

const runtimeWith = (more: Partial<Runtime>): Runtime => ({ ...nodeOfTest().context.runtime, ...more });

test('what there is of a pod comes newest first, each container with its sandbox', async () => {
  const sandboxes = [sandbox(), sandbox({ id: 's1', attempt: 1, createdAtMs: nowMs })];
  const containers = [exited('main', 1), running('main', { attempt: 1, sandboxId: 's1' })];
  const runtime = runtimeWith({
    listSandboxes: async () => sandboxes,
    sandboxStatus: async (id) => sandboxes.find((each) => each.id === id)!,
    listContainers: async () => containers,
    // As in CRI: the status of a container does not name its sandbox.
    containerStatus: async (id) => ({ ...containers.find((each) => each.id === id)!, sandboxId: '' }),
  });
  const observed = await observePod(runtime, 'u1');
  assert.deepEqual(
    observed.sandboxes.map(({ id }) => id),
    ['s1', 's0'],
  );
  assert.deepEqual(observed.containers, containers.toReversed());
});

test('what vanishes between list and status is left out; any other failure is thrown', async () => {
  const fails = (code: 'NotFound' | 'Unavailable') =>
    runtimeWith({
      listSandboxes: async () => [sandbox()],
      sandboxStatus: () => Promise.reject(new RuntimeError(code, 'no')),
      listContainers: async () => [running('main')],
      containerStatus: () => Promise.reject(new RuntimeError('NotFound', 'no')),
    });
  assert.deepEqual(await observePod(fails('NotFound'), 'u1'), { sandboxes: [], containers: [] });
  await assert.rejects(observePod(fails('Unavailable'), 'u1'), RuntimeError);
});

test('a pod’s fingerprint changes when something of it does, not with the order of a list', async () => {
  const [one, two] = [running('a'), running('b')];
  const print = async (containers: readonly (typeof one)[], ready = true) =>
    runtimeFingerprints(runtimeWith({ listSandboxes: async () => [sandbox({ ready })], listContainers: async () => containers }));
  const before = await print([one, two]);
  assert.deepEqual([...before.keys()], ['u1']);
  assert.deepEqual(await print([two, one]), before);
  assert.notDeepEqual(await print([one, { ...two, state: 'exited' }]), before);
  assert.notDeepEqual(await print([one, two], false), before);
});
