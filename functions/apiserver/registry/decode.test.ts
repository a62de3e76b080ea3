import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';

const configMaps = '/api/v1/namespaces/default/configmaps?dryRun=All&fieldValidation=Strict';
const pods = '/api/v1/namespaces/default/pods?dryRun=All&fieldValidation=Strict';

const asConfigMap = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: ';
const asPod = 'Pod in version "v1" cannot be handled as a Pod: ';
const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): ';
const noKind = `${unrecognized}couldn't get version/kind; json parse error: `;
const grace = 'Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64';
const pod = (spec: string): string => `{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}],${spec}}}`;
const yamlPod = (spec: string): string => `metadata: {name: p}\nspec: {containers: [{name: c, image: i}], ${spec}}\n`;
const yamlMap = (data: string): string => `metadata: {name: a}\ndata: {${data}}\n`;

/** The answers of kube-apiserver 1.37.2. */
const refused: readonly (readonly [what: string, path: string, body: string, message: string, type?: 'yaml'])[] = [
  [
    'a number for the kind',
    configMaps,
    '{"kind":7,"apiVersion":"v1","metadata":{"name":"a"}}',
    `${noKind}json: cannot unmarshal number into Go struct field .kind of type string ({"kind":7,"apiVersion":"v1","m ...)`,
  ],
  ['an empty body', configMaps, '', `${noKind}unexpected end of JSON input (<empty>)`],
  ['a text that ends early', configMaps, '{"a":', `${noKind}unexpected end of JSON input ({"a":)`],
  ['a key without quotes', configMaps, '{a:1}', `${noKind}invalid character 'a' looking for beginning of object key string ({a:1})`],
  [
    'more than one document',
    configMaps,
    '{"metadata":{"name":"a"}} x',
    `${noKind}invalid character 'x' after top-level value ({"metadata":{"name":"a"}} x)`,
  ],
  [
    'a fraction of zero for an integer',
    pods,
    pod('"terminationGracePeriodSeconds":1000.0'),
    `${asPod}json: cannot unmarshal number 1000.0 into ${grace}`,
  ],
  [
    'an exponent for an integer',
    pods,
    pod('"terminationGracePeriodSeconds":1e3'),
    `${asPod}json: cannot unmarshal number 1e3 into ${grace}`,
  ],
  [
    'more than 64 bits',
    pods,
    pod('"terminationGracePeriodSeconds":9223372036854775808'),
    `${asPod}json: cannot unmarshal number 9223372036854775808 into ${grace}`,
  ],
  [
    'a number in a map of strings',
    configMaps,
    '{"metadata":{"name":"a"},"data":{"v":1}}',
    `${asConfigMap}json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
  ],
  [
    'unknown and duplicate fields, in the order of the document',
    configMaps,
    '{"metadata":{"name":"a","x":1},"data":{"v":"1","v":"2"},"foo":1}',
    `${asConfigMap}strict decoding error: unknown field "metadata.x", duplicate field "data.v", unknown field "foo"`,
  ],
  [
    'an octal number of YAML 1.2 in a map of strings',
    configMaps,
    yamlMap('v: 0o17'),
    `${asConfigMap}json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
    'yaml',
  ],
  [
    'a bare yes in a map of strings',
    configMaps,
    yamlMap('v: yes'),
    `${asConfigMap}json: cannot unmarshal bool into Go struct field ConfigMap.data of type string`,
    'yaml',
  ],
  [
    'an infinite number',
    configMaps,
    yamlMap('v: .inf'),
    `${unrecognized}json: unsupported value: +Inf (6d657461646174613a207b6e616d653a20617d0a646174613a207b763a20 ...)`,
    'yaml',
  ],
  ['a list that stays open', configMaps, 'a: [\n', `${unrecognized}yaml: line 1: did not find expected node content (613a205b0a)`, 'yaml'],
  [
    'a tab as indentation',
    configMaps,
    'a:\n\tb: c\n',
    `${unrecognized}yaml: line 2: found character that cannot start any token (613a0a09623a20630a)`,
    'yaml',
  ],
];

for (const [what, path, body, message, type = 'json'] of refused) {
  test(`a body with ${what} is refused in upstream's words`, async () => {
    const api = await testApi();
    const answer = await api.send('POST', path, body, { 'content-type': `application/${type}` });
    assert.deepEqual([answer.status, answer.body['message']], [400, message]);
  });
}

const seconds = (text: string): string => yamlPod(`terminationGracePeriodSeconds: ${text}`);
const accepted: readonly (readonly [what: string, path: string, body: string, at: readonly string[], value: unknown])[] = [
  [
    'an octal mode of YAML 1.2',
    pods,
    yamlPod('volumes: [{name: v, secret: {secretName: s, defaultMode: 0o644}}]'),
    ['spec', 'volumes', '0', 'secret', 'defaultMode'],
    420,
  ],
  [
    'an octal mode of YAML 1.1',
    pods,
    yamlPod('volumes: [{name: v, secret: {secretName: s, defaultMode: 0644}}]'),
    ['spec', 'volumes', '0', 'secret', 'defaultMode'],
    420,
  ],
  ['a whole number with a fraction', pods, seconds('1000.0'), ['spec', 'terminationGracePeriodSeconds'], 1000],
  ['a number with underscores', pods, seconds('1_000'), ['spec', 'terminationGracePeriodSeconds'], 1000],
  ['a hexadecimal number', pods, seconds('0x1f'), ['spec', 'terminationGracePeriodSeconds'], 31],
  ['a date', configMaps, yamlMap('v: 2020-01-01'), ['data', 'v'], '2020-01-01'],
  ['a number of base 60', configMaps, yamlMap('v: 22:22'), ['data', 'v'], '22:22'],
  ['binary text', configMaps, yamlMap('v: !!binary aGVsbG8='), ['data', 'v'], 'hello'],
  ['an end of the document', configMaps, `${yamlMap('v: x')}---\n`, ['data', 'v'], 'x'],
  ['a second document', configMaps, `${yamlMap('v: x')}---\n${yamlMap('v: z')}`, ['data', 'v'], 'x'],
];

for (const [what, path, body, at, value] of accepted) {
  test(`YAML with ${what} is read as upstream reads it`, async () => {
    const api = await testApi();
    const answer = await api.send('POST', path, body, { 'content-type': 'application/yaml' });
    assert.equal(answer.status, 201);
    assert.deepEqual(
      at.reduce<unknown>((part, step) => (part as JsonObject)[step], answer.body),
      value,
    );
  });
}

test('a null body is an object without fields', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', configMaps, 'null');
  assert.deepEqual(
    [status, body['message']],
    [422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
  );
});

test('a whole number that JavaScript cannot keep is stored as one that it can, with a warning', async () => {
  const api = await testApi();
  const sent: readonly (readonly [string, number])[] = [
    ['9007199254740993', 9007199254740992],
    ['9223372036854775807', 9223372036854774784],
    ['9007199254740991', 9007199254740991],
  ];
  for (const [text, kept] of sent) {
    const { status, body, headers } = await api.send('POST', pods, pod(`"terminationGracePeriodSeconds":${text}`));
    assert.equal(status, 201);
    assert.equal((body['spec'] as JsonObject)['terminationGracePeriodSeconds'], kept);
    const warning = String(kept) === text ? null : `299 - "spec.terminationGracePeriodSeconds: ${text} is kept as ${kept}"`;
    assert.equal(headers.get('warning'), warning);
  }
});

const merge = { 'content-type': 'application/merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const patches: readonly (readonly [what: string, headers: Record<string, string>, patch: string, status: number, message: RegExp])[] = [
  ['that is no JSON', merge, '{"a":', 400, /^invalid JSON patch$/],
  ['that is null', merge, 'null', 400, /^Invalid JSON Patch$/],
  ['that is an object where a list belongs', json, '{}', 400, /^error decoding patch: .* into Go value of type \[\]handlers.jsonPatchOp$/],
  [
    'that merges a fraction of zero',
    merge,
    '{"spec":{"replicas":1.0}}',
    422,
    /: json: cannot unmarshal number 1\.0 into Go struct field DeploymentSpec\.spec\.replicas of type int32$/,
  ],
  [
    'that sets a fraction of zero',
    json,
    '[{"op":"replace","path":"/spec/replicas","value":1.0}]',
    422,
    /: json: cannot unmarshal number 1\.0 into/,
  ],
  ['that changes the kind', merge, '{"kind":"Secret"}', 422, /: no kind "Secret" is registered for version "apps\/v1" in scheme/],
  ['that changes the version', merge, '{"apiVersion":"v2"}', 422, /: no kind "Deployment" is registered for version "v2" in scheme/],
  [
    'whose kind is a number',
    merge,
    '{"kind":7}',
    422,
    /: couldn't get version\/kind; json parse error: json: cannot unmarshal number into Go struct field \.kind of type string$/,
  ],
];

async function withDeployment() {
  const api = await testApi();
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await api.send('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  return api;
}
const deployment = '/apis/apps/v1/namespaces/default/deployments/d';

for (const [what, headers, patch, status, message] of patches) {
  test(`a patch ${what} is refused in upstream's words`, async () => {
    const answer = await (await withDeployment()).send('PATCH', deployment, patch, headers);
    assert.equal(answer.status, status);
    assert.match(answer.body['message'] as string, message);
  });
}

test('a strategic patch reads 1.0 as 1, and null as nothing', async () => {
  const api = await withDeployment();
  const { status, body } = await api.send('PATCH', deployment, '{"spec":{"replicas":3.0}}', strategic);
  assert.deepEqual([status, (body['spec'] as JsonObject)['replicas']], [200, 3]);
  assert.equal((await api.send('PATCH', deployment, 'null', strategic)).status, 200);
});
