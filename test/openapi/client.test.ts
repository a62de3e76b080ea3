/** The generated client: it is what a generation today would make of `/openapi/v3`, and it does the job. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clientOfKubeconfig, done, RefusedError, type KubernetesClient, type Schemas } from 'hibernetes/client';
import { eventsOf } from 'hibernetes/client/watch';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import type { Result } from '../support/kubectl.ts';

const root = join(import.meta.dirname, '../..');
const generatorIsThere = existsSync(join(root, 'openapi/generator/node_modules/openapi-typescript'));

const validator = join(root, 'openapi/generator/node_modules/@seriousme/openapi-schema-validator/index.js');

interface OpenApiValidator {
  validate(document: object): Promise<{ readonly valid: boolean; readonly errors?: unknown }>;
}

interface Index {
  readonly paths: Record<string, { readonly serverRelativeURL: string }>;
}

function runProgram(file: string, ...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, file), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** JSONSchemaProps has a field called `$ref`, which the validator takes for a reference. */
const withoutFieldsCalledRef = (key: string, value: unknown): unknown => (key === '$ref' && typeof value === 'object' ? undefined : value);

describe('the generated client', () => {
  let cluster: TestCluster;
  let client: KubernetesClient;
  let kubeconfig: string;

  before(async () => {
    cluster = await startCluster({ nodes: 2, runtime: 'simulated' });
    kubeconfig = join(cluster.directory, 'kubeconfig');
    client = clientOfKubeconfig(kubeconfig);
  });
  after(async () => {
    client?.close();
    await cluster?.remove();
  });

  const skip = generatorIsThere ? false : 'the generator is not installed: sh infra/cli/prepare.sh generator';

  test('the generated client is what a generation of today makes', { skip }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'client-'));
    const out = join(directory, 'schema.d.ts');
    const { code, stderr } = await runProgram('openapi/generate-client.ts', '--kubeconfig', kubeconfig, '--out', out);
    assert.equal(code, 0, stderr);
    const isFresh = readFileSync(out, 'utf8') === readFileSync(join(root, 'openapi/client/generated/schema.d.ts'), 'utf8');
    rmSync(directory, { recursive: true });
    assert.ok(isFresh, 'openapi/client/generated is stale: npm run generate:client');
  });

  test('what it is made from is valid OpenAPI', { skip }, async () => {
    const { Validator } = (await import(validator)) as { Validator: new () => OpenApiValidator };
    const complaints = async (path: string): Promise<unknown> => {
      const text = await cluster.kubectl.ok('get', '--raw', path);
      const { valid, errors } = await new Validator().validate(JSON.parse(text, withoutFieldsCalledRef) as object);
      return valid ? [] : errors;
    };
    const { paths } = JSON.parse(await cluster.kubectl.ok('get', '--raw', '/openapi/v3')) as Index;
    for (const { serverRelativeURL } of Object.values(paths)) assert.deepEqual(await complaints(serverRelativeURL), [], serverRelativeURL);
    assert.deepEqual(await complaints('/openapi/v2'), []);
  });

  test('deploys an app and watches it become Available', async () => {
    const { code, stdout, stderr } = await runProgram('openapi/example/deploy-and-watch.ts', kubeconfig, 'hello', '3');
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual([lines[0], lines.at(-1)], ['hello created', 'hello is Available']);
    assert.ok(lines.includes('hello has 0 of 3 available'), stdout);
    assert.ok(lines.includes('hello has 3 of 3 available'), stdout);
  });

  test('the generated client lists, patches, scales and deletes', async () => {
    const path = { namespace: 'default', name: 'settings' };
    const maps = '/api/v1/namespaces/{namespace}/configmaps';
    await done(client.POST(maps, { params: { path }, body: { metadata: { name: 'settings' }, data: { a: '1' } } }));
    const patched = await done(
      client.PATCH(`${maps}/{name}`, {
        params: { path },
        body: { data: { b: '2' } },
        headers: { 'content-type': 'application/merge-patch+json' },
      }),
    );
    assert.deepEqual(patched.data, { a: '1', b: '2' });
    const list = await done(client.GET(maps, { params: { path, query: { fieldSelector: 'metadata.name=settings' } } }));
    assert.deepEqual(
      list.items.map(({ metadata }) => metadata?.name),
      ['settings'],
    );
    const status = await done(client.DELETE(`${maps}/{name}`, { params: { path } }));
    assert.equal(status.status, 'Success');
  });

  test('a refusal is a Status, or an error where one asks for the answer', async () => {
    const params = { path: { namespace: 'default', name: 'nobody' } };
    const { error, response } = await client.GET('/api/v1/namespaces/{namespace}/pods/{name}', { params });
    assert.equal(response.status, 404);
    assert.equal(error?.message, 'pods "nobody" not found');
    await assert.rejects(
      done(client.GET('/api/v1/namespaces/{namespace}/pods/{name}', { params })),
      (refused) => refused instanceof RefusedError && refused.message === 'pods "nobody" not found' && refused.status.code === 404,
    );
  });

  test('a watch from a revision that does not exist throws a RefusedError', async () => {
    const query = { watch: true, resourceVersion: '99999999' };
    const asked = client.GET('/api/v1/configmaps', { params: { query }, parseAs: 'stream' });
    const events = eventsOf<Schemas['io.k8s.api.core.v1.ConfigMap']>(asked);
    await assert.rejects(events.next(), (error) => error instanceof RefusedError);
  });

  test('kubectl explain shows the types and required fields of the documents', async () => {
    assert.match(await cluster.kubectl.ok('explain', 'deployment.spec.replicas'), /FIELD: replicas <integer>/);
    assert.match(await cluster.kubectl.ok('explain', 'pod.spec', '--recursive'), /containers\t<\[\]Container> -required-/);
  });
});
