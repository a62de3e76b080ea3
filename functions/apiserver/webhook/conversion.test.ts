/** A kind with two versions that a webhook converts into each other. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test, describe } from 'node:test';
import { json } from 'node:stream/consumers';
import { createCertificateAuthority, createServerCertificate } from '../../client/certificates.ts';
import type { CustomResourceDefinition } from '../../kube/generated/types.ts';
import { customResourceDefinitions } from '../../kube/resource-type.ts';
import { realWorld } from '../../world.ts';
import { tunnelledCluster, type TunnelledCluster } from '../../../test/support/tunnelled-cluster.ts';

interface Thing {
  apiVersion: string;
  kind?: string;
  metadata: Record<string, unknown>;
  spec?: Record<string, string>;
}
interface Review {
  readonly apiVersion: string;
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Thing[] };
}

let server: Server;
let cluster: TunnelledCluster;
let calls: number[] = [];
let fails = false;

/** v1 has `spec.hostPort`, v2 `spec.host` and `spec.port`. */
function converted(thing: Thing, apiVersion: string): Thing {
  const { hostPort = '', host, port } = thing.spec ?? {};
  const [first = '', second = ''] = hostPort.split(':');
  const spec: Record<string, string> = apiVersion.endsWith('/v2') ? { host: first, port: second } : { hostPort: `${host}:${port}` };
  return {
    ...thing,
    apiVersion,
    spec,
    metadata: { ...thing.metadata, labels: { ...(thing.metadata['labels'] as object), converted: 'yes' } },
  };
}

// In a suite of its own: its cluster is up no longer than its tests run.
describe('conversion webhooks', () => {
  before(async () => {
    const { clock } = realWorld('error');
    const authority = await createCertificateAuthority('webhooks', clock);
    const certificate = await createServerCertificate(authority, { commonName: 'hook', hosts: ['127.0.0.1'] }, clock);
    server = createServer({ cert: certificate.certificatePem, key: certificate.keyPem }, (request, response) => {
      void (async () => {
        const { apiVersion, request: asked } = (await json(request)) as Review;
        calls.push(asked.objects.length);
        const convertedObjects = asked.objects.map((thing) => converted(thing, asked.desiredAPIVersion));
        const result = fails ? { status: 'Failure', message: 'no such luck' } : { status: 'Success' };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ kind: 'ConversionReview', apiVersion, response: { uid: asked.uid, result, convertedObjects } }));
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    cluster = await tunnelledCluster();
    const caBundle = Buffer.from(authority.certificatePem).toString('base64');
    const spec = { type: 'object', properties: { host: { type: 'string' } }, 'x-kubernetes-preserve-unknown-fields': true };
    const schema = {
      openAPIV3Schema: { type: 'object', properties: { spec } },
    };
    const crd = {
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: ['v1', 'v2'].map((name) => ({
          name,
          served: true,
          storage: name === 'v1',
          schema,
          ...(name === 'v2' ? { selectableFields: [{ jsonPath: '.spec.host' }] } : {}),
        })),
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle }, conversionReviewVersions: ['v1'] },
        },
      },
    } as CustomResourceDefinition;
    const made = await cluster.client.create(customResourceDefinitions, crd);
    const names = { plural: 'things', kind: 'Thing', listKind: 'ThingList', singular: 'thing' };
    const established = {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = { acceptedNames: names, storedVersions: ['v1'], conditions: [established] };
    await cluster.client.update(customResourceDefinitions, { ...made, status }, 'status');
  });
  after(async () => {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    calls = [];
    fails = false;
  });

  async function send(
    method: string,
    version: string,
    path: string,
    body?: object,
    type = 'application/json',
  ): Promise<[number, Thing & { items?: Thing[]; message?: string }]> {
    const response = await fetch(`${cluster.url}/apis/example.com/${version}/namespaces/default/things${path}`, {
      method,
      headers: { 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [response.status, (await response.json()) as Thing];
  }

  const thing = (version: string, name: string, spec: object) => ({
    apiVersion: `example.com/${version}`,
    kind: 'Thing',
    metadata: { name },
    spec,
  });

  test('an object is written and read in both versions', async () => {
    const [code, created] = await send('POST', 'v2', '', thing('v2', 'one', { host: 'a', port: '1' }));
    assert.deepEqual([code, created.spec, created.apiVersion], [201, { host: 'a', port: '1' }, 'example.com/v2']);
    const [, stored] = await send('GET', 'v1', '/one');
    assert.deepEqual([stored.spec, stored.metadata['labels']], [{ hostPort: 'a:1' }, { converted: 'yes' }]);
    const [, patched] = await send('PATCH', 'v2', '/one', { spec: { port: '2' } }, 'application/merge-patch+json');
    assert.deepEqual(patched.spec, { host: 'a', port: '2' });
    const [, again] = await send('GET', 'v1', '/one');
    assert.deepEqual(again.spec, { hostPort: 'a:2' });
    const [updatedCode, updated] = await send('PUT', 'v2', '/one', { ...patched, spec: { host: 'b', port: '3' } });
    assert.deepEqual([updatedCode, updated.spec], [200, { host: 'b', port: '3' }]);
  });

  test('a list is converted with one call, and remembered', async () => {
    for (let index = 0; index < 5; index += 1) await send('POST', 'v1', '', thing('v1', `many${index}`, { hostPort: `h:${index}` }));
    calls = [];
    const [, list] = await send('GET', 'v2', '');
    const ports = list.items!.filter(({ metadata }) => String(metadata['name']).startsWith('many')).map(({ spec }) => spec!['port']);
    assert.deepEqual(ports, ['0', '1', '2', '3', '4']);
    assert.equal(calls.length, 1);
    await send('GET', 'v2', '');
    assert.equal(calls.length, 1);
  });

  test('a version selects by fields of its own, in lists and watches', async () => {
    for (const [name, hostPort] of [
      ['near', 'near:1'],
      ['far', 'far:1'],
    ] as const)
      await send('POST', 'v1', '', thing('v1', name, { hostPort }));
    const [, list] = await send('GET', 'v2', '?fieldSelector=spec.host%3Dnear');
    assert.deepEqual(
      list.items!.map(({ metadata }) => metadata['name']),
      ['near'],
    );
    const [code, refused] = await send('GET', 'v1', '?fieldSelector=spec.host%3Dnear');
    assert.deepEqual([code, refused.message], [400, 'field label not supported: spec.host']);
    const leave = new AbortController();
    const url = `${cluster.url}/apis/example.com/v2/namespaces/default/things?watch=true&fieldSelector=spec.host%3Dnear`;
    const response = await fetch(url, { signal: leave.signal });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const line of response.body!.pipeThrough(new TextDecoderStream())) {
        for (const text of line.split('\n').filter(Boolean)) {
          const { type, object } = JSON.parse(text) as { type: string; object: Thing };
          seen.push(`${type} ${String(object.metadata['name'])} ${object.spec!['host']}`);
        }
        if (seen.length >= 3) return;
      }
    })();
    await send('PATCH', 'v1', '/far', { spec: { hostPort: 'near:2' } }, 'application/merge-patch+json');
    await send('PATCH', 'v1', '/near', { spec: { hostPort: 'far:2' } }, 'application/merge-patch+json');
    await reading;
    leave.abort();
    assert.deepEqual(seen, ['ADDED near near', 'ADDED far near', 'DELETED near near']);
  });

  test('a watch sends converted objects', async () => {
    const leave = new AbortController();
    const response = await fetch(
      `${cluster.url}/apis/example.com/v2/namespaces/default/things?watch=true&fieldSelector=metadata.name%3Dwatched`,
      { signal: leave.signal },
    );
    await send('POST', 'v1', '', thing('v1', 'watched', { hostPort: 'w:9' }));
    const { value } = await response.body!.getReader().read();
    const event = JSON.parse(Buffer.from(value!).toString()) as { type: string; object: Thing };
    assert.deepEqual([event.type, event.object.spec], ['ADDED', { host: 'w', port: '9' }]);
    leave.abort();
  });

  test('a conversion that fails is reported in the words of the webhook', async () => {
    await send('POST', 'v1', '', thing('v1', 'unlucky', { hostPort: 'u:1' }));
    fails = true;
    const [code, { message }] = await send('GET', 'v2', '/unlucky');
    assert.deepEqual([code, message], [500, 'conversion webhook for example.com/v1, Kind=Thing failed: no such luck']);
  });
});
