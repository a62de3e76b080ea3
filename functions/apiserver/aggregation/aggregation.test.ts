/** Another API server, reached through a node. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test, describe } from 'node:test';
import { createCertificateAuthority, createServerCertificate } from '../../client/certificates.ts';
import { conditionOf } from '../../kube/conditions.ts';
import { apiServices, endpointSlices, services } from '../../kube/resource-type.ts';
import { realWorld } from '../../world.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { tunnelledCluster, type TunnelledCluster } from '../../../test/support/tunnelled-cluster.ts';

let server: Server;
let cluster: TunnelledCluster;
let caBundle: string;
const group = 'wardle.example.com';
const flunders = `/apis/${group}/v1alpha1/namespaces/default/flunders`;

const resources = [
  { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get', 'list'] },
  { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
];

// In a suite of its own: its cluster is up no longer than its tests run.
describe('aggregation', () => {
  before(async () => {
    const { clock } = realWorld('error');
    const authority = await createCertificateAuthority('wardle-ca', clock);
    caBundle = Buffer.from(authority.certificatePem).toString('base64');
    const certificate = await createServerCertificate(authority, { commonName: 'wardle', hosts: ['wardle.default.svc'] }, clock);
    server = createServer({ cert: certificate.certificatePem, key: certificate.keyPem }, (request, response) => {
      const answers: Record<string, object> = {
        [`/apis/${group}/v1alpha1`]: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/v1alpha1`, resources },
        '/openapi/v3': { paths: { [`apis/${group}/v1alpha1`]: { serverRelativeURL: `/openapi/v3/apis/${group}/v1alpha1?hash=ABC` } } },
        [flunders]: {
          kind: 'FlunderList',
          by: request.headers['x-remote-user'],
          in: request.headers['x-remote-group'],
          with: request.headers['authorization'] ?? null,
        },
      };
      const answer = answers[request.url!.split('?')[0]!];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    cluster = await tunnelledCluster();
    await cluster.addPod('wardle', '10.244.0.9', [port]);
    await cluster.client.create(endpointSlices, {
      metadata: { name: 'wardle-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'wardle' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.0.9'], nodeName: 'a' }],
      ports: [{ name: '', port, protocol: 'TCP' }],
    });
    await cluster.client.create(apiServices, {
      metadata: { name: `v1alpha1.${group}` },
      spec: {
        group,
        version: 'v1alpha1',
        groupPriorityMinimum: 2000,
        versionPriority: 200,
        caBundle,
        service: { namespace: 'default', name: 'wardle', port: 7443 },
      },
    });
  });
  after(async () => {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  });

  const condition = async () => {
    const found = await cluster.client.get(apiServices, { namespace: '', name: `v1alpha1.${group}` });
    return conditionOf(found.status?.conditions, 'Available');
  };
  const becomes = (reason: string): Promise<void> =>
    eventually(async () => assert.equal((await condition())?.reason, reason, JSON.stringify(await condition())), 8_000);

  test('an APIService without its Service is not available', async () => {
    await becomes('ServiceNotFound');
    assert.equal((await condition())?.message, 'service/wardle in "default" is not present');
    const response = await fetch(cluster.url + flunders);
    assert.deepEqual([response.status, await response.text()], [503, 'service unavailable\n']);
  });

  test('requests for its group are passed on in the name of the caller', async () => {
    const port = (server.address() as AddressInfo).port;
    await cluster.client.create(services, {
      metadata: { name: 'wardle', namespace: 'default' },
      spec: { ports: [{ port: 7443, targetPort: port }] },
    });
    await becomes('Passed');
    const response = await fetch(cluster.url + flunders);
    assert.deepEqual(
      [response.status, await response.json()],
      [200, { kind: 'FlunderList', by: 'admin', in: 'system:masters, system:authenticated', with: null }],
    );
  });

  test('discovery and OpenAPI show what it serves', async () => {
    const groups = (await (await fetch(`${cluster.url}/apis`)).json()) as { groups: { name: string }[] };
    assert.ok(groups.groups.some(({ name }) => name === group));
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const aggregated = (await (await fetch(`${cluster.url}/apis`, { headers: { accept } })).json()) as {
      items: { metadata: { name: string }; versions: object[] }[];
    };
    assert.deepEqual(aggregated.items.find(({ metadata }) => metadata.name === group)?.versions, [
      {
        version: 'v1alpha1',
        resources: [
          {
            resource: 'flunders',
            responseKind: { group, version: 'v1alpha1', kind: 'Flunder' },
            scope: 'Namespaced',
            singularResource: 'flunder',
            verbs: ['get', 'list'],
            subresources: [{ subresource: 'status', responseKind: { group, version: 'v1alpha1', kind: 'Flunder' }, verbs: ['get'] }],
          },
        ],
        freshness: 'Current',
      },
    ]);
    const openApi = (await (await fetch(`${cluster.url}/openapi/v3`)).json()) as { paths: Record<string, { serverRelativeURL: string }> };
    assert.equal(openApi.paths[`apis/${group}/v1alpha1`]?.serverRelativeURL, `/openapi/v3/apis/${group}/v1alpha1?hash=ABC`);
  });

  test('a group that is no longer declared is gone', async () => {
    await cluster.client.delete(apiServices, { namespace: '', name: `v1alpha1.${group}` });
    await eventually(async () => assert.equal((await fetch(cluster.url + flunders)).status, 404));
  });
});
