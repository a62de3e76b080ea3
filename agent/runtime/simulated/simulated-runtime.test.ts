import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { contractContainer, contractSandbox, runtimeContract } from '../runtime.contract.ts';
import { isRuntimeError } from '../runtime.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

const simulated = () => {
  const world = virtualWorld();
  return { world, runtime: createSimulatedRuntime({ clock: world.clock, podCidr: () => '10.244.3.0/29' }) };
};

runtimeContract('the simulated runtime', async () => {
  const { world, runtime } = simulated();
  return { runtime, image: 'docker.io/library/web:v1', directory: '/', settle: () => world.settle() };
});

test('gives addresses of the node’s range, each to one sandbox at a time', async () => {
  const { runtime } = simulated();
  const ids = [];
  for (let count = 0; count < 5; count += 1) ids.push(await runtime.runSandbox(contractSandbox('/', count), ''));
  const ips = await Promise.all(ids.map(async (id) => (await runtime.sandboxStatus(id)).ips[0]));
  assert.deepEqual(ips, ['10.244.3.2', '10.244.3.3', '10.244.3.4', '10.244.3.5', '10.244.3.6']);
  await assert.rejects(runtime.runSandbox(contractSandbox('/'), ''), /no IP addresses available in range set: 10\.244\.3\.0\/29/);
  await runtime.removeSandbox(ids[1]!);
  assert.deepEqual((await runtime.sandboxStatus(await runtime.runSandbox(contractSandbox('/'), ''))).ips, ['10.244.3.3']);
});

test('a pod’s annotations let the simulated runtime fail its pulls and end its containers', async () => {
  const { runtime, world } = simulated();
  const failing = { ...contractSandbox('/'), annotations: { 'simulated.hibernetes.dev/fail-pull': 'true' } };
  await assert.rejects(runtime.pullImage('web:v1', failing), (error) => isRuntimeError(error, 'NotFound'));
  const ending = {
    ...contractSandbox('/'),
    annotations: { 'simulated.hibernetes.dev/end-after-seconds': '5', 'simulated.hibernetes.dev/exit-code': '3' },
  };
  const id = await runtime.createContainer(await runtime.runSandbox(ending, ''), contractContainer('web:v1'), ending);
  await runtime.startContainer(id);
  await world.advance(5000);
  const { state, exitCode, reason } = await runtime.containerStatus(id);
  assert.deepEqual([state, exitCode, reason], ['exited', 3, 'Error']);
});
