/**
 * Names that every JavaScript object inherits, wherever a caller may put a name: in paths, queries, headers, bodies and patches.
 * The answer is the one to a name of the same shape that no object has.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { webSocketHandshake } from '../../functions/apiserver/relay/web-socket-stream.ts';
import { pods as podType, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { everyCase } from '../support/every-case.ts';
import { administrator, rbacCluster, type RbacCluster } from '../support/rbac-cluster.ts';

const inherited = Object.getOwnPropertyNames(Object.prototype);
/** The first letter is the next one of the alphabet. */
const alike = (name: string): string => name.replace(/[a-zA-Z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 1));

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const dry = `${configMaps}?dryRun=All`;
const kept = `${configMaps}/kept?dryRun=All`;
const get = (path: string, headers?: Record<string, string>): Asked => ({
  method: 'GET',
  path,
  ...(headers === undefined ? {} : { headers }),
});
const post = (path: string, body: unknown, headers?: Record<string, string>): Asked => ({ ...get(path, headers), method: 'POST', body });
/** An object with one field, also of a name that a literal cannot have. */
const field = (name: string, value: unknown): object => JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as object;
const configMap = (more: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' }, ...more });
const pods = '/api/v1/namespaces/default/pods?dryRun=All';
const container = { name: 'a', image: 'a' };
const podWith = (spec: object): object => ({
  metadata: { name: 'a' },
  spec: { containers: [container], automountServiceAccountToken: false, ...spec },
});
const definitionWith = (property: object): object => ({
  metadata: { name: 'as.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'as', kind: 'A' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { a: { 'x-kubernetes-validations': [{ rule: `self != ''` }], ...property } },
          },
        },
      },
    ],
  },
});
const patch = (type: string, body: unknown, query = ''): Asked => ({
  method: 'PATCH',
  path: `${kept}${query}`,
  body,
  headers: { 'content-type': `application/${type}+${type.startsWith('apply') ? 'yaml' : 'json'}` },
});

const places: Readonly<Record<string, (name: string) => Asked>> = {
  'a path': (name) => get(`/${name}`),
  'a group': (name) => get(`/apis/${name}`),
  'the version of a group': (name) => get(`/apis/apps/${name}`),
  'a resource': (name) => get(`/api/v1/${name}`),
  'a resource of a namespace': (name) => get(`/api/v1/namespaces/default/${name}`),
  'the resource of a group': (name) => get(`/apis/apps/v1/namespaces/default/${name}`),
  'a version': (name) => get(`/api/${name}/pods`),
  'a namespace': (name) => get(`/api/v1/namespaces/${name}/configmaps`),
  'an object': (name) => get(`${configMaps}/${name}`),
  'an object that is deleted': (name) => ({ method: 'DELETE', path: `${configMaps}/${name}` }),
  'a subresource': (name) => get(`/api/v1/namespaces/default/pods/a/${name}`),
  'a subresource that is written': (name) => post(`/api/v1/namespaces/default/pods/a/${name}`, {}),
  'an extension': (name) => get(`/apis/agent.hibernetes.dev/v1/${name}/a/poll`),
  'a path of a node': (name) => get(`/api/v1/nodes/a/proxy/${name}`),
  'a document': (name) => get(`/openapi/v3/${name}`),
  'a file of the dashboard': (name) => get(`/ui/${name}`),
  'a method': (name) => ({ method: name, path: configMaps }),
  'a parameter': (name) => get(`${configMaps}?${name}=1`),
  ...Object.fromEntries(
    ['fieldSelector=NAME%3Dx', 'fieldSelector=metadata.NAME%3Dx', 'labelSelector=NAME', 'labelSelector=a+NAME+(b)', 'continue=NAME'].map(
      (query) => [`a list's ${query}`, (name: string) => get(`${configMaps}?${query.replace('NAME', name)}`)] as const,
    ),
  ),
  ...Object.fromEntries(
    ['resourceVersion', 'resourceVersionMatch', 'limit', 'timeoutSeconds', 'timeout', 'pretty', 'watch', 'sendInitialEvents'].map(
      (option) => [`a list's ${option}`, (name: string) => get(`${configMaps}?${option}=${name}`)] as const,
    ),
  ),
  ...Object.fromEntries(
    ['dryRun', 'fieldManager', 'fieldValidation'].map(
      (option) => [`a write's ${option}`, (name: string) => post(`${dry}&${option}=${name}`, configMap({}))] as const,
    ),
  ),
  'the policy of a deletion': (name) => ({ method: 'DELETE', path: `${kept}&propagationPolicy=${name}` }),
  'a media type': (name) => get(configMaps, { accept: `application/${name}` }),
  'a form of an answer': (name) => get(configMaps, { accept: `application/json;as=${name};g=meta.k8s.io;v=v1` }),
  'the type of a body': (name) => post(dry, configMap({}), { 'content-type': `application/${name}` }),
  'a user': (name) => get(configMaps, { 'impersonate-user': name }),
  'a group of a user': (name) => get(configMaps, { 'impersonate-user': 'a', 'impersonate-group': name }),
  'an extra of a user': (name) => get(configMaps, { 'impersonate-user': 'a', [`impersonate-extra-${name}`]: 'x' }),
  'a kind': (name) => post(dry, { ...configMap({}), kind: name }),
  'a version of a body': (name) => post(dry, { ...configMap({}), apiVersion: name }),
  'a field': (name) => post(dry, configMap(field(name, 'x'))),
  'a field, strictly': (name) => post(`${dry}&fieldValidation=Strict`, configMap(field(name, 'x'))),
  'a field of the metadata': (name) => post(dry, configMap({ metadata: { name: 'new', ...field(name, 'x') } })),
  'a key of data': (name) => post(dry, configMap({ data: field(name, 'x') })),
  'a label': (name) => post(dry, configMap({ metadata: { name: 'new', labels: field(name, 'x') } })),
  'an annotation': (name) => post(dry, configMap({ metadata: { name: 'new', annotations: field(name, 'x') } })),
  'a name': (name) => post(dry, configMap({ metadata: { name } })),
  ...Object.fromEntries(
    ['priorityClassName', 'runtimeClassName', 'schedulerName', 'nodeName', 'restartPolicy', 'dnsPolicy'].map(
      (option) => [`a pod's ${option}`, (name: string) => post(pods, podWith({ [option]: name }))] as const,
    ),
  ),
  'a resource of a container': (name) => post(pods, podWith({ containers: [{ ...container, resources: { limits: field(name, '1') } }] })),
  'a pod’s port that is proxied': (name) => get(`/api/v1/namespaces/default/pods/web:${name}/proxy/`),
  'the type of a Secret': (name) =>
    post('/api/v1/namespaces/default/secrets?dryRun=All', { metadata: { name: 'new' }, type: name, data: { a: 'YQ==' } }),
  'the key of a topology': (name) =>
    post(
      pods,
      podWith({
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: name, whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} }],
      }),
    ),
  'the type of a metric': (name) =>
    post('/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?dryRun=All', {
      metadata: { name: 'new' },
      spec: { maxReplicas: 1, scaleTargetRef: { kind: 'Deployment', name: 'a' }, metrics: [{ type: name }] },
    }),
  'the format of a field': (name) =>
    post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All', definitionWith({ type: 'string', format: name })),
  'a text that an expression converts': (name) =>
    post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All', {
      ...definitionWith({ type: 'string', 'x-kubernetes-validations': [{ rule: `bool('${name}') || double('${name}') > 1.0` }] }),
    }),
  'a selector of nodes': (name) => post(pods, podWith({ nodeSelector: field(name, 'x') })),
  'a field that is patched': (name) => patch('merge-patch', { data: field(name, 'x') }),
  'a field that is patched away': (name) => patch('merge-patch', { data: field(name, null) }),
  'a field that is patched by its strategy': (name) => patch('strategic-merge-patch', { data: field(name, 'x') }),
  'a directive': (name) => patch('strategic-merge-patch', { $patch: name }),
  'an operation': (name) => patch('json-patch', [{ op: name, path: '/data' }]),
  'a path of an operation': (name) => patch('json-patch', [{ op: 'add', path: `/data/${name}`, value: 'x' }]),
  'a path of a test': (name) => patch('json-patch', [{ op: 'test', path: `/data/${name}`, value: 'x' }]),
  'a path that is copied': (name) => patch('json-patch', [{ op: 'copy', from: `/${name}`, path: '/data/x' }]),
  'a path below': (name) => patch('json-patch', [{ op: 'add', path: `/${name}/polluted`, value: 'x' }]),
  'a field that is applied': (name) =>
    patch('apply-patch', configMap({ metadata: { name: 'kept' }, data: field(name, 'x') }), '&fieldManager=a'),
  'a manager': (name) => patch('apply-patch', configMap({ metadata: { name: 'kept' } }), `&fieldManager=${name}`),
  'a managed field': (name) =>
    post(
      dry,
      configMap({
        metadata: {
          name: 'new',
          managedFields: [
            { manager: 'a', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': field(`f:${name}`, {}) } },
          ],
        },
      }),
    ),
};

describe('a name that every object inherits', () => {
  let cluster: RbacCluster;

  before(async () => {
    cluster = await rbacCluster();
    const { status } = await cluster
      .as(administrator)
      .send('POST', configMaps, configMap({ metadata: { name: 'kept' }, data: { a: 'b' } }));
    assert.equal(status, 201);
    await cluster.client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
    const web = { name: 'web', namespace: 'default' };
    const made = await cluster.client.create(podType, { metadata: web, spec: { containers: [container] } });
    await cluster.client.update(
      podType,
      { ...made, status: { ...made.status, podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] } },
      'status',
    );
  });
  after(() => cluster.store.close());

  /** What differs from one request to the next is left out. */
  async function answerOf({ method, path, body, headers = {} }: Asked, name: string): Promise<string> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const request = new Request(`https://api${path}`, { method, headers: { 'content-type': 'application/json', ...headers }, ...sent });
    const answer = await cluster.api.fetch(request, { user: administrator });
    const text = path.includes('watch=') ? '' : await answer.text();
    await (path.includes('watch=') ? answer.body?.cancel() : undefined);
    const steady = `${answer.headers.get('warning') ?? ''} ${text}`
      .replaceAll(/"(uid|time|creationTimestamp|resourceVersion)":"[^"]*"/g, '')
      .replaceAll(/invalid character '.'/g, '')
      .replaceAll(name, 'NAME');
    return `${answer.status} ${steady.replaceAll(name.toLowerCase(), 'name')}`;
  }

  for (const [place, asked] of Object.entries(places))
    test(`an inherited name is a name like any other: ${place}`, { timeout: 60_000 }, async () => {
      await everyCase(
        inherited,
        (name) => name,
        async (name) => {
          const [answer, other] = [await answerOf(asked(name), name), await answerOf(asked(alike(name)), alike(name))];
          assert.doesNotMatch(answer, /InternalError|Internal error/);
          assert.equal(answer, other);
        },
      );
    });

  test('no inherited name is a protocol of WebSockets', async () => {
    await everyCase(
      inherited,
      (name) => name,
      (name) => {
        const headers = new Headers({ 'sec-websocket-key': 'a', 'sec-websocket-protocol': name });
        assert.throws(() => webSocketHandshake(headers), { code: 400 });
      },
    );
  });

  test('no answer left anything on the objects of the process', () => {
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), inherited);
    assert.equal(({} as { polluted?: string }).polluted, undefined);
  });
});
