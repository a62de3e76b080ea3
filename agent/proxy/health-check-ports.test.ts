import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createHealthCheckPorts } from './health-check-ports.ts';

const { clock, log } = virtualWorld();

/** An address of this process alone: no other program's ports can be in the way of fixed ones. Linux has all of 127/8. */
const address = `127.${1 + ((process.pid >> 16) & 63)}.${(process.pid >> 8) & 255}.${1 + (process.pid & 127)}`;
const [servicePort, nodePort] = [10_001, 10_002];
let isEligible = true;
const ports = createHealthCheckPorts({ address, nodeName: 'a', isEligible: () => isEligible, nodePort, clock, log });
after(() => ports.close());

const service: Service = {
  metadata: { namespace: 'default', name: 'web' },
  spec: { type: 'LoadBalancer', clusterIP: '10.96.0.10', externalTrafficPolicy: 'Local', healthCheckNodePort: servicePort },
};
const slice = (...nodes: string[]): EndpointSlice => ({
  metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints: nodes.map((nodeName, index) => ({ addresses: [`10.244.1.${index}`], nodeName, conditions: { ready: true } })),
});
const ask = async (port: number): Promise<[number, unknown]> => {
  const response = await fetch(`http://${address}:${port}/`);
  return [response.status, await response.json()];
};

test('a node answers while it has ready endpoints of the service, and counts them', async () => {
  await ports.sync([service], [slice('a', 'b', 'a')]);
  const expected = { service: { namespace: 'default', name: 'web' }, localEndpoints: 2, serviceProxyHealthy: true };
  assert.deepEqual(await ask(servicePort), [200, expected]);
  await ports.sync([service], [slice('b')]);
  assert.deepEqual(await ask(servicePort), [503, { ...expected, localEndpoints: 0 }]);
});

test('a health check port closes with its Service, or when the policy becomes Cluster', async () => {
  await ports.sync([{ ...service, spec: { ...service.spec, externalTrafficPolicy: 'Cluster' } }], [slice('a')]);
  await assert.rejects(ask(servicePort));
});

test('a node answers for itself until it is being removed', async () => {
  await ports.sync([], []);
  assert.equal((await ask(nodePort))[0], 200);
  isEligible = false;
  assert.equal((await ask(nodePort))[0], 503);
});
