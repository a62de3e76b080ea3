/** No Service leads to the machine that carries its packets, or to the metadata service of that machine. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { withoutSpecialAddresses } from '../../agent/proxy/endpoints.ts';
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
    for (const address of special) assert.equal((await write(address)).status, 422, address);
    for (const address of usual) assert.equal((await write(address)).status, 201, address);
  });
}

test('the proxy of a node takes no such endpoint, whoever wrote it', () => {
  const endpoints = [...special, ...usual].map((address) => ({ addresses: [address] }));
  const slice = { metadata: { name: 'a' }, addressType: 'IPv4', endpoints };
  assert.deepEqual(
    withoutSpecialAddresses(slice).endpoints?.flatMap(({ addresses }) => addresses),
    usual,
  );
});
