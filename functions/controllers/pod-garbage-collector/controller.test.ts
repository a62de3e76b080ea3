import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertSettled, createCluster, namespace, nodeNames } from '../../../test/support/cluster.ts';
import { conditionOf } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { nodes, pods } from '../../kube/resource-type.ts';
import { serviceAccountController } from '../service-account/controller.ts';
import { createPodGarbageCollector } from './controller.ts';

const [lost = ''] = nodeNames;
const pod = (name: string, nodeName?: string): Pod => ({
  metadata: { namespace, name },
  spec: { containers: [{ name: 'c', image: 'c:1' }], nodeName },
});

describe('pods', () => {
  test('pods of a node that was deleted are removed', async () => {
    const cluster = await createCluster();
    await cluster.client.create(pods, pod('orphan', lost));
    await cluster.settle();
    await cluster.client.delete(nodes, { namespace: '', name: lost });
    cluster.unresponsiveNodes.add(lost);
    await cluster.advance(30_000);
    assert.equal(await cluster.exists(pods, 'orphan'), true);
    await cluster.advance(10_000);
    assert.equal(await cluster.exists(pods, 'orphan'), false);
  });

  test('pods of a node that is back soon stay', async () => {
    const cluster = await createCluster();
    await cluster.client.create(pods, pod('lucky', lost));
    await cluster.settle();
    const node = copy(await cluster.client.get(nodes, { namespace: '', name: lost }));
    await cluster.client.delete(nodes, { namespace: '', name: lost });
    cluster.unresponsiveNodes.add(lost);
    await cluster.advance(30_000);
    const { metadata: _metadata, ...rest } = node;
    await cluster.client.create(nodes, { ...rest, metadata: { name: lost } });
    await cluster.advance(30_000);
    assert.equal(await cluster.exists(pods, 'lucky'), true);
  });

  test('pods that were deleted before they had a node are removed', async () => {
    const cluster = await createCluster();
    const held = pod('held');
    held.metadata.finalizers = ['example.com/hold'];
    await cluster.client.create(pods, held);
    await cluster.client.delete(pods, { namespace, name: 'held' });
    await cluster.settle();
    const { status } = await cluster.get(pods, 'held');
    assert.deepEqual([status?.phase, conditionOf(status?.conditions, 'DisruptionTarget')?.message], ['Failed', 'PodGC: node not assigned']);
    await assertSettled(cluster);
  });

  test('pods that have ended stay, but for the oldest of too many', async () => {
    const cluster = await createCluster({ controllers: [serviceAccountController, createPodGarbageCollector(2)] });
    for (const name of ['c', 'a', 'b']) {
      const made = await cluster.client.create(pods, pod(name, lost));
      await cluster.client.update(pods, { ...copy(made), status: { phase: 'Succeeded' } }, 'status');
      await cluster.world.advance(1000);
    }
    await cluster.client.create(pods, pod('d', lost));
    await cluster.settle();
    assert.deepEqual((await cluster.pods()).map(nameOf), ['a', 'b', 'd']);
  });
});
