/** What reaches nodes and containers through functions; and that a cluster outlives its invoker. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';

describe('functions', () => {
  let cluster: TestCluster;

  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'simulated', cloud: 'local' });
    await cluster.kubectl.ok('run', 'web', '--image=nginx/nginx:v1');
    await cluster.kubectl.ok('wait', '--for=condition=Ready', 'pod/web', '--timeout=240s');
  });
  after(() => cluster?.remove());

  test('functions carry logs', async () => {
    assert.equal(await cluster.kubectl.ok('logs', 'web'), 'container web of pod web is simulated\n');
  });

  test('functions carry connections by way of the gate: here a refusal of the simulated node', async () => {
    for (const command of [
      ['exec', 'web', '--', 'ls'],
      ['attach', 'web'],
    ]) {
      const { code, stderr } = await cluster.kubectl.run(command);
      assert.equal(code, 1);
      assert.match(stderr, /is not supported: the pod runs on a simulated node, which has no containers/);
    }
  });

  test('functions carry requests to nodes', async () => {
    assert.equal(await cluster.kubectl.ok('get', '--raw', '/api/v1/nodes/node-1/proxy/healthz'), 'ok');
  });

  test('functions lose nothing when their invoker is killed', async () => {
    cluster.killControlPlane();
    await cluster.up();
    assert.match(await cluster.kubectl.ok('get', 'pods', 'web', '-o', 'name'), /^pod\/web$/m);
  });
});
