import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { serviceIndex } from './service-index.ts';

const service = (name: string, spec: Service['spec']): Service => ({ metadata: { name, namespace: 'default' }, spec });
const slice = (name: string, more: Partial<EndpointSlice>): EndpointSlice => ({
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: 'sql', port: 5432 }],
  endpoints: [],
  ...more,
});

test('a Service has its addresses, its ports and those who are ready', () => {
  const endpoints = [
    { addresses: ['10.244.1.2'], hostname: 'DB-0', conditions: { ready: true } },
    { addresses: ['10.244.1.3'] },
    { addresses: ['10.244.1.4'], conditions: { ready: false } },
  ];
  const index = serviceIndex(
    [service('db', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] })],
    [slice('db', { endpoints }), slice('db', { endpoints: endpoints.slice(0, 1) })],
  );
  const ports = [{ name: 'sql', protocol: 'tcp', port: 5432 }];
  assert.deepEqual(index.service('default', 'db'), {
    namespace: 'default',
    name: 'db',
    clusterIPs: [],
    externalName: undefined,
    ports,
    endpoints: [
      { address: '10.244.1.2', label: 'db-0', ports },
      { address: '10.244.1.3', label: '10-244-1-3', ports },
    ],
  });
  assert.deepEqual(index.namesOf('10.244.1.2'), ['db-0.db.default']);
});

test('an address leads to the names of all Services that have it', () => {
  const index = serviceIndex(
    [service('a', { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'] }), service('b', { clusterIP: '10.96.0.1' })],
    [],
  );
  assert.deepEqual(index.namesOf('10.96.0.1'), ['a.default', 'b.default']);
  assert.deepEqual(index.namesOf('fd00::1'), ['a.default']);
  assert.deepEqual(index.namesOf('10.96.0.9'), []);
});

test('another name is without the dot at its end', () => {
  const index = serviceIndex([service('out', { type: 'ExternalName', externalName: 'example.com.' })], []);
  assert.equal(index.service('default', 'out')?.externalName, 'example.com');
  assert.deepEqual([index.hasNamespace('default'), index.hasNamespace('other'), index.service('other', 'out')], [true, false, undefined]);
});
