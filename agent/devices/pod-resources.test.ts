import assert from 'node:assert/strict';
import { test } from 'node:test';
import { container, pod } from '../../test/support/node-pod.ts';
import { podResources } from './pod-resources.ts';

test('a pod holds the devices of its containers and sidecars, each by itself, near to its NUMA nodes', () => {
  const initContainers = [container('once'), container('proxy', { restartPolicy: 'Always' })];
  const found = podResources(pod({ initContainers }), {
    held: (_pod, name) => [
      { resource: 'a/gpu', device: { id: `${name}-0`, numaNodes: [0] } },
      { resource: 'a/gpu', device: { id: `${name}-1` } },
    ],
  });
  const devices = (name: string): object[] => [
    { resource_name: 'a/gpu', device_ids: [`${name}-0`], topology: { nodes: [{ ID: 0 }] } },
    { resource_name: 'a/gpu', device_ids: [`${name}-1`] },
  ];
  assert.deepEqual(found, {
    name: 'web',
    namespace: 'default',
    containers: ['proxy', 'main'].map((name) => ({ name, devices: devices(name) })),
  });
});
