/** Requests that fail before any object is read: methods, content types, bodies, options, names. */
import type { Json, JsonObject } from '../../../../functions/kube/object.ts';
import { mayStore, post, query, type Recipe, type Scene } from '../compared-kind.ts';

export const wrongMethod: Recipe = (scene) => {
  const json = { 'content-type': 'application/json' };
  const { choice, collection, path } = scene;
  const [method, place] = choice.of<[string, string]>([
    ['POST', path],
    ['PUT', collection],
    ['PATCH', collection],
    ['OPTIONS', path],
    ['TRACE', collection],
    ['HEAD', collection],
    ['POST', `${path}/none`],
    ['GET', `${path}/none`],
    ['GET', `${collection.replace(/[^/]+$/, '')}none`],
    ['DELETE', `${path}/status`],
    ['PUT', `${path}/status/more`],
    ['GET', `${path}/log`],
    ['GET', `${path}/`],
    ['GET', `${path}?pretty=true`],
  ]);
  const hasBody = method !== 'GET' && method !== 'HEAD' && method !== 'TRACE' && method !== 'OPTIONS';
  return { about: `${method} ${place}`, steps: [{ method, path: place, headers: json, ...(hasBody ? { body: scene.base } : {}) }] };
};

const contentTypes = [
  'text/plain',
  'application/xml',
  'application/json; charset=utf-8',
  'application/yaml',
  'application/cbor',
  'application/vnd.kubernetes.protobuf',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
  '',
  'x',
];

export const contentType: Recipe = (scene) => {
  const type = scene.choice.of(contentTypes);
  const method = scene.choice.of(['POST', 'PUT', 'PATCH'].filter((name) => name !== 'PATCH' || type !== 'application/apply-patch+yaml'));
  const path = (method === 'POST' ? scene.collection : scene.path) + query('dryRun=All');
  if (!scene.kind.verbs.includes(method === 'POST' ? 'create' : method === 'PUT' ? 'update' : 'patch')) return undefined;
  return { about: `${method} as ${type}`, steps: [{ method, path, body: scene.base, headers: { 'content-type': type } }] };
};

/** Texts that JSON.stringify never writes. */
function oddTexts(base: JsonObject): readonly string[] {
  const text = JSON.stringify(base);
  return [
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '7',
    `${text}x`,
    text.replace('{', '{"kind":"Other",'),
    text.replace('"metadata":{', '"metadata":{"labels":{"a":"1","a":"2"},'),
    text.replace(/:(\d+)([,}])/, ':$1.0$2'),
    text.replace(/:(\d+)([,}])/, ':$1e0$2'),
    text.replace(/:(\d+)([,}])/, ':9223372036854775808$2'),
    text.replace(/:(true|false)/, ':"$1"'),
    text.replace('"metadata"', '"Metadata"'),
    text.replace('{', '{"__proto__":{"a":1},'),
    text.replace('"name":"', String.raw`"name":"é`),
  ];
}

export const oddBody: Recipe = (scene) => {
  const body = scene.choice.of(oddTexts(scene.base));
  return { about: `create from ${body.slice(0, 60)}`, steps: [{ method: 'POST', path: `${scene.collection}?dryRun=All`, body }] };
};

export const otherType: Recipe = (scene) => {
  const { base, choice } = scene;
  const other = choice.of<JsonObject>([
    { kind: 'Other' },
    { apiVersion: 'other/v1' },
    { apiVersion: 'v9' },
    { kind: 'Secret', apiVersion: 'v1' },
    { kind: 'Deployment', apiVersion: 'apps/v1' },
    { kind: `${scene.kind.kind}List` },
    { kind: 7 },
    { apiVersion: 7 },
    { kind: '' },
    { apiVersion: '' },
    { apiVersion: 'a/b/c' },
    { kind: null, apiVersion: null },
  ]);
  return { about: `create as ${JSON.stringify(other)}`, steps: [post(scene, { ...base, ...other }, 'dryRun=All')] };
};

const optionQueries = [
  'dryRun=Some',
  'dryRun=',
  'dryRun=All&dryRun=All',
  'fieldValidation=Other',
  'fieldValidation=strict',
  `fieldManager=${'x'.repeat(200)}`,
  'fieldManager=a%01b',
  'fieldManager=kubectl',
  'force=true',
  'none=1',
  'pretty=true',
];

export const options: Recipe = (scene) => ({
  about: 'create with odd options',
  steps: [post(scene, scene.base, scene.choice.of(optionQueries), 'dryRun=All')],
});

const otherNames = ['Bad_Name', 'a..b', 'x'.repeat(260), '.', 'a%20b', 'a%2Fb', '-x', 'x-'];

export const names: Recipe = (scene: Scene) => {
  if (!mayStore(scene)) return undefined;
  const { choice, base, collection } = scene;
  const name = choice.of(otherNames);
  const metadata = base['metadata'] as JsonObject;
  const steps = [
    { method: 'GET', path: `${collection}/${name}` },
    { method: 'DELETE', path: `${collection}/${name}` },
    post(scene, { ...base, metadata: { ...metadata, name: decodeURIComponent(name) } }, 'dryRun=All'),
    post(scene, { ...base, metadata: { ...metadata, namespace: 'other' } }, 'dryRun=All'),
    { method: 'POST', path: `${collection.replace(/namespaces\/[^/]+/, 'namespaces/missing')}?dryRun=All`, body: base as Json },
  ];
  return { about: `name ${name.slice(0, 20)}`, steps: [choice.of(steps)] };
};
