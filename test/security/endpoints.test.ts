/** No Service leads to the machine that carries its packets, or to the metadata service of that machine. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { podRejection } from '../../agent/pods/node-features.ts';
import { withoutSpecialAddresses } from '../../agent/proxy/endpoints.ts';
import { serviceRules } from '../../agent/proxy/service-tables.ts';
import type { Service } from '../../functions/kube/generated/types.ts';
import { everyCase } from '../support/every-case.ts';
import { administrator, type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';

let cluster: RbacCluster;
before(async () => (cluster = await rbacCluster()));

const special = ['127.0.0.1', '127.9.9.9', '169.254.169.254', '169.254.1.1', '224.0.0.1', '0.0.0.0', '::1', 'fe80::1'];
const usual = ['10.244.0.5', '192.0.2.7', 'fd00::1'];

const typeOf = (address: string): string => (address.includes(':') ? 'IPv6' : 'IPv4');
const objects: Readonly<Record<string, readonly [path: string, make: (address: string) => object]>> = {
  Endpoints: ['/api/v1/namespaces/default/endpoints', (ip) => ({ metadata: { name: 'a' }, subsets: [{ addresses: [{ ip }] }] })],
  'Endpoints that are not ready': [
    '/api/v1/namespaces/default/endpoints',
    (ip) => ({ metadata: { name: 'a' }, subsets: [{ notReadyAddresses: [{ ip }] }] }),
  ],
  EndpointSlices: [
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    (address) => ({ metadata: { name: 'a' }, addressType: typeOf(address), endpoints: [{ addresses: [address] }] }),
  ],
  'external addresses of Services': [
    '/api/v1/namespaces/default/services',
    (address) => ({ metadata: { name: 'a' }, spec: { ports: [{ port: 80 }], externalIPs: [address] } }),
  ],
};

for (const [what, [path, make]] of Object.entries(objects)) {
  test(`${what} are refused at addresses of the machine itself`, async () => {
    const write = (address: string) => cluster.as(administrator).send('POST', `${path}?dryRun=All`, make(address));
    const cases = [...special.map((address) => [address, 422] as const), ...usual.map((address) => [address, 201] as const)];
    await everyCase(
      cases,
      ([address]) => address,
      async ([address, status]) => assert.equal((await write(address)).status, status),
    );
  });
}

test('the proxy of a node takes no endpoint with a special address from any EndpointSlice', () => {
  const endpoints = [...special, ...usual].map((address) => ({ addresses: [address] }));
  const slice = { metadata: { name: 'a' }, addressType: 'IPv4', endpoints };
  assert.deepEqual(
    withoutSpecialAddresses(slice).endpoints?.flatMap(({ addresses }) => addresses),
    usual,
  );
});

test('no external address of any Service takes packets to the machine itself', () => {
  const addresses = [...special, ...usual];
  const ports = [{ port: 80, protocol: 'TCP' }];
  const service = (parts: object) => ({ metadata: { name: 'a', namespace: 'n' }, ...parts }) as Service;
  const ingress = addresses.map((ip) => ({ ip }));
  const services = [
    service({ spec: { clusterIP: '10.96.0.9', ports, externalIPs: addresses } }),
    service({ spec: { clusterIP: '10.96.0.9', ports, type: 'LoadBalancer' }, status: { loadBalancer: { ingress } } }),
  ];
  for (const one of services) {
    const { maps } = serviceRules({ services: [one], endpointSlices: [], nodeAddresses: [], nodeName: 'a', clusterCidr: '10.244.0.0/16' });
    const entries = JSON.stringify(Object.values(maps).map((elements) => [...elements.keys()]));
    for (const address of special) assert.equal(entries.includes(address), false, address);
    assert.ok(entries.includes('192.0.2.7'));
  }
});

test('a pod takes no port of the host at a link-local address, where metadata services are', () => {
  const pod = (hostIP: string, list: 'containers' | 'initContainers') => ({
    metadata: { name: 'a' },
    spec: { containers: [], [list]: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 80, hostIP }] }] },
  });
  for (const list of ['containers', 'initContainers'] as const) {
    for (const address of ['169.254.169.254', '169.254.170.2', '169.254.0.1', 'fe80::1', '::ffff:169.254.169.254'])
      assert.equal(podRejection(pod(address, list), undefined)?.reason, 'HostIPForbidden', address);
    for (const address of ['', '127.0.0.1', '192.0.2.7']) assert.equal(podRejection(pod(address, list), undefined), undefined, address);
  }
});
