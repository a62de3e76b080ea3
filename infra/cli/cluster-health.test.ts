import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../test/support/api-server.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import { nodes, pods } from '../../functions/kube/resource-type.ts';
import { clusterHealth, healthLines } from './cluster-health.ts';

test('nodes are counted and named, pods counted by phase', async () => {
  const api = await testApi();
  const client = createHttpClient({ fetch: (request) => api.fetch(new URL(request.url).pathname + new URL(request.url).search, request) });
  const condition = (status: string, message: string): object => ({ type: 'Ready', status, reason: 'Test', message });
  for (const [name, ready] of [
    ['a', condition('True', 'kubelet is posting ready status')],
    ['b', condition('False', 'the network is not there yet')],
    ['c', undefined],
  ] as const) {
    const node = await client.create(nodes, { metadata: { name }, spec: {} });
    const conditions = ready === undefined ? [] : [ready as { type: string; status: string }];
    await client.update(nodes, { ...node, status: { conditions } }, 'status');
  }
  for (const name of ['x', 'y']) {
    await client.create(pods, { metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  }
  assert.deepEqual(healthLines(await clusterHealth(client, async () => 'healthy')), [
    'API             healthy',
    'nodes           1 of 3 Ready',
    '                a: Ready',
    '                b: NotReady: the network is not there yet',
    '                c: NotReady',
    'pods            2 Pending',
  ]);
});

test('of many nodes only those that are not Ready are named', () => {
  const many = Array.from({ length: 30 }, (_, index) => ({
    name: `n${index}`,
    isReady: index !== 7,
    state: index === 7 ? 'NotReady' : 'Ready',
  }));
  assert.deepEqual(healthLines({ api: 'healthy', nodes: many, pods: [] }), [
    'API             healthy',
    'nodes           29 of 30 Ready',
    '                n7: NotReady',
    'pods            none',
  ]);
});
