import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Endpoint } from '../../kube/generated/types.ts';
import { apiServices, endpointSlices, services, validatingWebhookConfigurations } from '../../kube/resource-type.ts';
import { memoryCluster, type MemoryCluster } from '../nodes/memory-cluster.ts';
import { listeningNodes } from './listening-nodes.ts';
import { serviceEnd } from './service-end.ts';

const endpoint = (nodeName: string, address: string, ready = true): Endpoint => ({
  addresses: [address],
  nodeName,
  conditions: { ready },
});

async function cluster(): Promise<MemoryCluster & { readonly listening: () => readonly string[] }> {
  const all = await memoryCluster(virtualWorld());
  const nodes = listeningNodes();
  return { ...all, listening: () => [...nodes(all.store.view())].toSorted() };
}

async function putSlice({ put }: MemoryCluster, service: string, endpoints: Endpoint[]): Promise<void> {
  const labels = { 'kubernetes.io/service-name': service };
  const metadata = { name: `${service}-1`, namespace: 'default', labels };
  await put(endpointSlices, { metadata, addressType: 'IPv4', ports: [{ port: 8443 }], endpoints });
}

async function putWebhook({ put }: MemoryCluster, service: string): Promise<void> {
  const clientConfig = { service: { namespace: 'default', name: service } };
  const webhook = { name: 'hook.example.com', clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] };
  await put(validatingWebhookConfigurations, { metadata: { name: service }, webhooks: [webhook] });
}

test('no node listens while nothing calls a Service', async () => {
  const at = await cluster();
  await putSlice(at, 'web', [endpoint('a', '10.244.0.1')]);
  assert.deepEqual(at.listening(), []);
});

test('of each called Service the first node with a ready endpoint listens', async () => {
  const at = await cluster();
  await putSlice(at, 'hook', [endpoint('c', '10.244.2.1'), endpoint('b', '10.244.1.1'), endpoint('a', '10.244.0.1', false)]);
  await putSlice(at, 'metrics', [endpoint('d', '10.244.3.1')]);
  await putWebhook(at, 'hook');
  await at.put(apiServices, {
    metadata: { name: 'v1.metrics.example.com' },
    spec: { group: 'metrics.example.com', groupPriorityMinimum: 1, versionPriority: 1, service: { namespace: 'default', name: 'metrics' } },
  });
  assert.deepEqual(at.listening(), ['b', 'd']);
  await putSlice(at, 'hook', [endpoint('c', '10.244.2.1')]);
  assert.deepEqual(at.listening(), ['c', 'd']);
  await at.remove(validatingWebhookConfigurations, { namespace: '', name: 'hook' });
  assert.deepEqual(at.listening(), ['d']);
});

test('the API calls the endpoint on the node that listens, where tunnels go by mail', async () => {
  const at = await cluster();
  await at.put(services, { metadata: { name: 'hook', namespace: 'default' }, spec: { ports: [{ port: 443 }] } });
  await putSlice(at, 'hook', [endpoint('c', '10.244.2.1'), endpoint('b', '10.244.1.1')]);
  const port = { namespace: 'default', name: 'hook', port: 443 };
  const view = at.store.view();
  const ends = (isByMail: boolean) => [0, 0.9].map((chance) => serviceEnd(port, { view, random: () => chance, isByMail }).nodeName);
  assert.deepEqual(
    [ends(true), ends(false)],
    [
      ['b', 'b'],
      ['c', 'b'],
    ],
  );
});
