/** `up` suggests commands to try, and they work as they stand: the images that they name are on every node. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { examples } from '../../infra/cli/examples.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { reasonToSkipContainers } from '../support/real-nodes.ts';

describe('a cluster that was started without any image', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd' });
  });
  after(() => cluster?.remove());

  test('runs what the command line suggests', async () => {
    for (const example of examples) await cluster.kubectl.ok(...example.split(' ').slice(1));
    const status = await cluster.kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=300s');
    assert.match(status, /deployment "web" successfully rolled out\n$/);
  });
});
