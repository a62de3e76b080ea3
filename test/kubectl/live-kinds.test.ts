/**
 * A kind comes to a running cluster, is used everywhere, and goes again. Two processes serve the API, controllers run in a
 * third one, and none of them restarts: all have the kind from the revision on that declares it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { customKindSource } from '../../functions/cluster-store.ts';
import type { JsonObject } from '../../functions/kube/object.ts';
import { testApi, type TestApi } from '../support/api-server.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { kubectlFor, type Kubectl } from '../support/kubectl.ts';

const definition = {
  metadata: { name: 'gadgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', shortNames: ['gd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer', description: 'How large it is.', default: 3 } } },
            },
          },
        },
      },
    ],
  },
};
const gadget = (name: string): object => ({ apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name } });
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const gadgets = '/apis/example.com/v1/namespaces/default/gadgets';
const mergePatch = { 'content-type': 'application/merge-patch+json' };

interface Process {
  readonly api: TestApi;
  readonly kubectl: Kubectl;
}

describe('a kind that comes and goes', () => {
  let cluster: Cluster;
  let directory: string;
  const servers: Server[] = [];
  const processes: Process[] = [];

  async function startProcess(name: string): Promise<Process> {
    const { world, table } = cluster;
    const api = await testApi({ world, table, sources: [customKindSource] });
    const listener = getRequestListener(({ url, ...request }) => api.fetch(new URL(url).pathname + new URL(url).search, request));
    const server = createServer((request, response) => void listener(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    const kubeconfig = join(directory, name);
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name, cluster: { server: address } }],
        contexts: [{ name, context: { cluster: name, user: '' } }],
        'current-context': name,
      }),
    );
    return { api, kubectl: kubectlFor(kubeconfig, join(directory, `${name}-cache`)) };
  }

  const ask = async (process: number, ...[method, path, body, headers]: Parameters<TestApi['send']>): Promise<JsonObject> => {
    const answer = await processes[process]!.api.send(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const statusOf = async (process: number, path: string): Promise<number> => (await processes[process]!.api.fetch(path)).status;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'live-kinds-'));
    cluster = await createCluster();
    for (const name of ['first', 'second']) processes.push(await startProcess(name));
  });
  after(async () => {
    for (const server of servers) server.close().closeAllConnections();
    for (const { api } of processes) await api.store.close();
    await cluster?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a kind that comes and goes is absent from both processes before it is declared', async () => {
    assert.deepEqual([await statusOf(0, gadgets), await statusOf(1, gadgets)], [404, 404]);
  });

  test('a kind that comes and goes is listed, written, patched and watched through both from its declaration on', async () => {
    await ask(0, 'POST', definitions, definition);
    const { metadata } = (await ask(1, 'GET', gadgets)) as { metadata: { resourceVersion: string } };
    const watch = await processes[0]!.api.fetch(`${gadgets}?watch=true&resourceVersion=${metadata.resourceVersion}`);
    const reader = watch.body!.pipeThrough(new TextDecoderStream()).getReader();
    await ask(1, 'POST', gadgets, gadget('g'));
    await ask(0, 'PATCH', `${gadgets}/g`, { spec: { size: 5 } }, mergePatch);
    const lines: { type: string; object: { spec?: JsonObject } }[] = [];
    for (let text = ''; lines.length < 2;) {
      text += (await reader.read()).value ?? '';
      const parts = text.split('\n');
      text = parts.pop() ?? '';
      lines.push(...parts.map((part) => JSON.parse(part) as (typeof lines)[number]));
    }
    await reader.cancel();
    assert.deepEqual(
      lines.map(({ type, object }) => [type, object.spec]),
      [
        ['ADDED', undefined],
        ['MODIFIED', { size: 5 }],
      ],
    );
  });

  test('a kind that comes and goes has the same schema for a process that has not read of its change', async () => {
    const { spec } = definition;
    const [version] = spec.versions;
    const properties = {
      spec: { type: 'object', properties: { size: { type: 'integer', description: 'How large it is.' }, tone: { type: 'string' } } },
    };
    const versions = [{ ...version, schema: { openAPIV3Schema: { type: 'object', properties } } }];
    await ask(0, 'PATCH', `${definitions}/gadgets.example.com`, { spec: { versions } }, mergePatch);
    const body = { ...gadget('toned'), spec: { tone: 'red' } };
    assert.deepEqual((await ask(1, 'POST', gadgets, body))['spec'], { tone: 'red' });
    await ask(1, 'DELETE', `${gadgets}/toned`);
  });

  test('a kind that comes and goes is described by both processes in the same words', async () => {
    for (const path of ['/apis/example.com/v1', '/openapi/v3/apis/example.com/v1', '/openapi/v2']) {
      const [first, second] = await Promise.all(processes.map(async ({ api }) => (await api.fetch(path)).text()));
      assert.equal(first, second, path);
    }
  });

  test('a kind that comes and goes is found and explained by kubectl through both', async () => {
    for (const { kubectl } of processes) {
      assert.match(await kubectl.ok('api-resources', '--api-group=example.com'), /^gadgets +gd +example\.com\/v1 +true +Gadget$/m);
      assert.match(await kubectl.ok('explain', 'gadgets.spec.size'), /FIELD: size <integer>[^]*How large it is\./);
      assert.match(await kubectl.ok('get', 'gd'), /^g +/m);
    }
  });

  test('owns objects, which go with it', async () => {
    const { metadata } = (await ask(0, 'GET', `${gadgets}/g`)) as { metadata: { uid: string } };
    const owner = { apiVersion: 'example.com/v1', kind: 'Gadget', name: 'g', uid: metadata.uid };
    const configMaps = '/api/v1/namespaces/default/configmaps';
    await ask(0, 'POST', configMaps, { metadata: { name: 'owned', ownerReferences: [owner] } });
    await cluster.settle();
    assert.equal(await statusOf(1, `${configMaps}/owned`), 200);
    await ask(1, 'DELETE', `${gadgets}/g`);
    await cluster.settle();
    assert.equal(await statusOf(0, `${configMaps}/owned`), 404);
  });

  test('objects of a kind that comes and goes are deleted with their namespace', async () => {
    await ask(0, 'POST', '/api/v1/namespaces', { metadata: { name: 'team' } });
    await ask(1, 'POST', '/apis/example.com/v1/namespaces/team/gadgets', gadget('g'));
    await ask(0, 'DELETE', '/api/v1/namespaces/team');
    await cluster.settle();
    assert.equal(await statusOf(1, '/api/v1/namespaces/team'), 404);
    assert.deepEqual((await ask(0, 'GET', '/apis/example.com/v1/gadgets'))['items'], []);
  });

  test('leaves both processes with its declaration, and its objects go', async () => {
    await ask(0, 'POST', gadgets, gadget('last'));
    await ask(1, 'DELETE', `${definitions}/gadgets.example.com`);
    await cluster.settle();
    assert.deepEqual([await statusOf(0, gadgets), await statusOf(1, '/apis/example.com/v1')], [404, 404]);
    assert.deepEqual((await cluster.store.fresh()).list('gadgets.example.com'), []);
  });
});
