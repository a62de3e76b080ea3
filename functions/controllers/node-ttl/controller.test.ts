import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertSettled, createCluster, nodeNames } from '../../../test/support/cluster.ts';
import { nodes } from '../../kube/resource-type.ts';
import { ttlSeconds } from './controller.ts';

describe('the time for which kubelets may keep what pods mount', () => {
  const cases: readonly (readonly [number, number | undefined, number])[] = [
    [1, undefined, 0],
    [100, undefined, 0],
    [101, 0, 15],
    [95, 15, 15],
    [89, 15, 0],
    [501, 15, 30],
    [2001, 60, 300],
    [1799, 300, 60],
    [5000, undefined, 300],
    [480, 30, 30],
    [460, undefined, 15],
  ];
  for (const [count, current, wanted] of cases)
    test(`kubelets may keep what pods mount for ${wanted} s with ${count} nodes, when it was ${current} s`, () =>
      assert.equal(ttlSeconds(count, current), wanted));

  test('the time for which kubelets may keep what pods mount stands on every node, and is written once', async () => {
    const cluster = await createCluster();
    for (const name of nodeNames) {
      const node = await cluster.client.get(nodes, { namespace: '', name });
      assert.equal(node.metadata.annotations?.['node.alpha.kubernetes.io/ttl'], '0');
    }
    await assertSettled(cluster);
    await cluster.close();
  });
});
