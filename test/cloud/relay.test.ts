/** What reaches a container through functions, and what plainly does not; and that a cluster outlives its invoker. */
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

  test('carry logs', async () => {
    assert.equal(await cluster.kubectl.ok('logs', 'web'), 'container web of pod web is simulated\n');
  });

  test('refuse exec and port-forward, and tell what to do instead', async () => {
    for (const command of [
      ['exec', 'web', '--', 'ls'],
      ['port-forward', 'pod/web', ':80'],
    ]) {
      const { code, stderr } = await cluster.kubectl.run(command);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /need a connection that functions cannot carry: use kubectl logs, go to the node, or run the API in a container/,
      );
    }
  });

  test('lose nothing when their invoker is killed', async () => {
    cluster.killControlPlane();
    await cluster.up();
    assert.match(await cluster.kubectl.ok('get', 'pods', 'web', '-o', 'name'), /^pod\/web$/m);
  });
});
