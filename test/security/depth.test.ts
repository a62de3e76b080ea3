/** However deep a document nests, wherever it stands, it is read or refused: it never fills the stack. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { depthMax } from '../../functions/kube/bounded-json.ts';
import { yamlLengthMax } from '../../functions/kube/yaml-document.ts';
import { testApi, type TestApi } from '../support/api-server.ts';
import { everyCase } from '../support/every-case.ts';

type Nest = (depth: number) => string;

const jsonNests: Readonly<Record<string, Nest>> = {
  lists: (depth) => '['.repeat(depth) + ']'.repeat(depth),
  objects: (depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
  both: (depth) => '[{"a":'.repeat(depth / 2) + '1' + '}]'.repeat(depth / 2),
  'lists without an end': (depth) => '['.repeat(depth),
  'texts full of brackets, which are not deep': (depth) => `"${'[{'.repeat(depth / 2)}\\"[["`,
};
const yamlNests: Readonly<Record<string, Nest>> = {
  ...Object.fromEntries(Object.entries(jsonNests).map(([name, nest]) => [name, (depth: number) => nest(Math.min(depth, 10_000))])),
  'block sequences': (depth) =>
    `\n${Array.from({ length: Math.min(depth, 2_000) }, (_, index) => `${' '.repeat(index + 1)}-`).join('\n')} x`,
  'one-line sequences': (depth) => `\n  ${'- '.repeat(Math.min(depth, 10_000))}x`,
};
/** Around what nests there are a few levels. */
const depths = [10, depthMax - 10, depthMax + 2, 2_000, 9_000, 100_000];

const configMaps = '/api/v1/namespaces/default/configmaps';
const head = '"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}';
const yamlHead = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n';

interface Way {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly nests?: Readonly<Record<string, Nest>>;
  body(nest: string): string;
}

const json = (nest: string): string => `{${head},"x":${nest}}`;
const ways: Readonly<Record<string, Way>> = {
  'a creation': {
    method: 'POST',
    path: `${configMaps}?dryRun=All`,
    type: 'application/json',
    body: (nest) => json(nest).replace('"c"', '"d"'),
  },
  'a strict creation': { method: 'POST', path: `${configMaps}?dryRun=All&fieldValidation=Strict`, type: 'application/json', body: json },
  'an update': { method: 'PUT', path: `${configMaps}/c`, type: 'application/json', body: json },
  'data of an update': { method: 'PUT', path: `${configMaps}/c`, type: 'application/json', body: (nest) => `{${head},"data":${nest}}` },
  'options of a deletion': { method: 'DELETE', path: `${configMaps}/absent`, type: 'application/json', body: (nest) => `{"x":${nest}}` },
  'a merge patch': { method: 'PATCH', path: `${configMaps}/c`, type: 'application/merge-patch+json', body: (nest) => `{"data":${nest}}` },
  'a strategic patch': {
    method: 'PATCH',
    path: `${configMaps}/c`,
    type: 'application/strategic-merge-patch+json',
    body: (nest) => `{"data":${nest}}`,
  },
  'a JSON patch': {
    method: 'PATCH',
    path: `${configMaps}/c`,
    type: 'application/json-patch+json',
    body: (nest) => `[{"op":"add","path":"/x","value":${nest}},{"op":"test","path":"/x","value":${nest}}]`,
  },
  'an apply patch': {
    method: 'PATCH',
    path: `${configMaps}/c?fieldManager=a&force=true`,
    type: 'application/apply-patch+yaml',
    nests: yamlNests,
    body: (nest) => `${yamlHead}data: ${nest}`,
  },
  'a creation in YAML': {
    method: 'POST',
    path: `${configMaps}?dryRun=All`,
    type: 'application/yaml',
    nests: yamlNests,
    body: (nest) => `${yamlHead.replace('c}', 'd}')}x: ${nest}`,
  },
  'a key of managed fields': {
    method: 'PUT',
    path: `${configMaps}/c`,
    type: 'application/json',
    body: (nest) =>
      JSON.stringify({
        ...(JSON.parse(`{${head}}`) as object),
        metadata: {
          name: 'c',
          managedFields: [
            { manager: 'a', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { [`v:${nest}`]: {} } } },
          ],
        },
      }),
  },
};

let api: TestApi;
before(async () => {
  api = await testApi();
  await api.send('POST', configMaps, `{${head}}`);
});

for (const [what, { method, path, type, nests = jsonNests, body }] of Object.entries(ways)) {
  test(`${what} is answered, and what nests too deep is refused`, async () => {
    const cases = Object.entries(nests).flatMap(([name, nest]) => depths.map((depth) => ({ name, nest, depth })));
    await everyCase(
      cases,
      ({ name, depth }) => `${name}, ${depth} deep`,
      async ({ nest, depth }) => {
        const answer = await api.send(method, path, body(nest(depth)), { 'content-type': type });
        assert.notEqual(answer.body['reason'], 'InternalError', JSON.stringify(answer.body).slice(0, 300));
        assert.doesNotMatch(JSON.stringify(answer.body), /call stack/);
      },
    );
  });
}

test('the annotation of a last apply may nest as it likes', async () => {
  await everyCase(depths, String, async (depth) => {
    const name = `last-${depth}`;
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `{"apiVersion":"v1","x":${jsonNests['objects']!(depth)}}` };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations: depth * 8 > 200_000 ? {} : annotations } };
    assert.equal((await api.send('POST', configMaps, object)).status, 201);
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } };
    const { status } = await api.send('PATCH', `${configMaps}/${name}?fieldManager=kubectl&force=true`, applied, {
      'content-type': 'application/apply-patch+yaml',
    });
    assert.equal(status, 200);
  });
});

test('YAML that is long is not read, and JSON in its place is', async () => {
  const values = 'a: b\n'.repeat(yamlLengthMax / 5);
  const headers = { 'content-type': 'application/yaml' };
  const yaml = await api.send('POST', `${configMaps}?dryRun=All`, `${yamlHead}data:\n${values}`, headers);
  assert.deepEqual([yaml.status, yaml.body['message']], [413, `Request entity too large: limit is ${yamlLengthMax}`]);
  const data = { a: 'b'.repeat(yamlLengthMax) };
  const long = await api.send(
    'POST',
    `${configMaps}?dryRun=All`,
    { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'd' }, data },
    headers,
  );
  assert.equal(long.status, 201);
});

test('aliases of YAML that contain themselves or grow are refused', async () => {
  const grown = (levels: number): string =>
    Array.from({ length: levels }, (_, index) => `a${index}: &a${index} [${index === 0 ? 'x' : `*a${index - 1}, *a${index - 1}`}]`).join(
      '\n',
    );
  const chained = Array.from(
    { length: 90 },
    (_, index) => `a${index}: &a${index} ${'['.repeat(100)}${index === 0 ? 'x' : `*a${index - 1}`}${']'.repeat(100)}`,
  ).join('\n');
  const bodies = ['x: &a [*a]', 'x: &a {b: *a}', 'x: &a [[{b: [*a]}]]', grown(20), grown(60), chained];
  await everyCase(
    bodies,
    (body) => body.slice(0, 40),
    async (body) => {
      const answer = await api.send('POST', `${configMaps}?dryRun=All`, `${yamlHead}${body}`, { 'content-type': 'application/yaml' });
      assert.equal(answer.status, 400, JSON.stringify(answer.body).slice(0, 300));
    },
  );
});

/** A message in a field of another: number, length, bytes. */
function field(number: number, bytes: Buffer): Buffer {
  const varint: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) varint.push((rest % 128) + 128);
  return Buffer.concat([Buffer.of(number * 8 + 2, ...varint, rest), bytes]);
}

test('messages of protobuf within one another are answered', async () => {
  const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
  const typeMeta = field(1, Buffer.concat([text(1, 'apiextensions.k8s.io/v1'), text(2, 'CustomResourceDefinition')]));
  const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All';
  await everyCase([10, depthMax - 20, depthMax + 2, 2_000, 5_000], String, async (depth) => {
    let schema: Buffer = Buffer.alloc(0);
    // JSONSchemaProps: `not` is a schema again.
    for (let level = 0; level < depth; level += 1) schema = field(27, schema);
    const version = field(7, Buffer.concat([text(1, 'v1'), field(4, field(1, schema))]));
    const raw = field(2, Buffer.concat([field(1, text(1, 'as.b.io')), field(2, Buffer.concat([text(1, 'b.io'), version]))]));
    const bytes = Buffer.concat([Buffer.from('k8s\0'), typeMeta, raw]);
    const response = await api.fetch(crd, {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
    });
    const answer = await response.text();
    assert.ok(response.status < 500, answer.slice(0, 300));
  });
});
