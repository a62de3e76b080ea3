import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json, JsonObject } from '../object.ts';
import { applyJsonPatch } from './json.ts';
import { applyMergePatch } from './merge.ts';
import { builtIn } from '../schema.ts';
import { applyStrategicMergePatch } from './strategic.ts';

const deployment = builtIn('io.k8s.api.apps.v1.Deployment');
const podSchema = builtIn('io.k8s.api.core.v1.Pod');

const containers = (...names: string[]): JsonObject[] => names.map((name) => ({ name, image: `${name}:1` }));
const pod = (spec: JsonObject): JsonObject => ({ metadata: { name: 'p' }, spec });
const patchedSpec = (spec: JsonObject, patch: JsonObject): Json | undefined =>
  applyStrategicMergePatch(pod(spec), { spec: patch }, podSchema)['spec'];
const names = (value: Json | undefined, list: string): unknown =>
  ((value as Record<string, JsonObject[]>)[list] ?? []).map((item) => item['name']);

describe('strategic merge patches', () => {
  test('kubectl set image changes one container and keeps the others', () => {
    const before = { spec: { template: { spec: { containers: containers('a', 'b') } } } };
    const patch = {
      spec: {
        template: { spec: { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }], containers: [{ image: 'x', name: 'b' }] } },
      },
    };
    assert.deepEqual(applyStrategicMergePatch(before, patch, deployment), {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'a', image: 'a:1' },
              { name: 'b', image: 'x' },
            ],
          },
        },
      },
    });
  });

  test('neither argument is changed', () => {
    const before = Object.freeze({ spec: Object.freeze({ containers: Object.freeze(containers('a')) as Json[] }) });
    const patch = Object.freeze({ spec: Object.freeze({ containers: Object.freeze(containers('b')) as Json[] }) });
    assert.deepEqual(names(applyStrategicMergePatch(before, patch, podSchema)['spec'], 'containers'), ['b', 'a']);
  });

  test('kubectl apply removes a container with a delete directive', () => {
    const patch = { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ $patch: 'delete', name: 'a' }] };
    assert.deepEqual(names(patchedSpec({ containers: containers('a', 'b') }, patch), 'containers'), ['b']);
  });

  const orders: [string, string[], string[], string[], string[]][] = [
    ['moves items into the order asked for', ['a', 'b', 'c'], ['c', 'a', 'b'], [], ['c', 'a', 'b']],
    ['keeps items of the server in their place', ['a', 's', 'b'], ['b', 'a'], [], ['s', 'b', 'a']],
    ['puts new items first when the server knows none of them', ['s'], ['a', 'b'], ['a', 'b'], ['a', 'b', 's']],
    ['keeps what the server had before an item before it', ['a', 'b', 'c', 'd'], ['d', 'b'], [], ['a', 'c', 'd', 'b']],
  ];
  for (const [what, server, order, added, expected] of orders) {
    test(`$setElementOrder ${what}`, () => {
      const patch = { '$setElementOrder/containers': order.map((name) => ({ name })), containers: containers(...added) };
      assert.deepEqual(names(patchedSpec({ containers: containers(...server) }, patch), 'containers'), expected);
    });
  }

  test('$patch: replace on a map keeps only what the patch has', () => {
    const patch = { nodeSelector: { $patch: 'replace', a: 'b' } };
    assert.deepEqual(patchedSpec({ nodeSelector: { x: 'y' } }, patch), { nodeSelector: { a: 'b' } });
  });

  test('$patch: delete on a map empties it', () => {
    assert.deepEqual(patchedSpec({ nodeSelector: { x: 'y' } }, { nodeSelector: { $patch: 'delete' } }), { nodeSelector: {} });
  });

  test('$patch: replace in a list keeps only the other items of the patch', () => {
    const patch = { containers: [...containers('z'), { $patch: 'replace' }] };
    assert.deepEqual(names(patchedSpec({ containers: containers('a', 'b') }, patch), 'containers'), ['z']);
  });

  test('lists without a merge strategy are replaced', () => {
    const before = { containers: [{ name: 'a', args: ['x', 'y'] }] };
    assert.deepEqual(patchedSpec(before, { containers: [{ name: 'a', args: ['z'] }] }), { containers: [{ name: 'a', args: ['z'] }] });
  });

  test('lists of scalars merge as sets', () => {
    const patch = { metadata: { finalizers: ['c', 'a'] } };
    assert.deepEqual(applyStrategicMergePatch({ metadata: { finalizers: ['a', 'b'] } }, patch, podSchema), {
      metadata: { finalizers: ['c', 'a', 'b'] },
    });
  });

  test('$deleteFromPrimitiveList removes scalars', () => {
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } };
    assert.deepEqual(applyStrategicMergePatch({ metadata: { finalizers: ['a', 'b'] } }, patch, podSchema), {
      metadata: { finalizers: ['b'] },
    });
  });

  test('$retainKeys drops what it does not name', () => {
    const before = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    assert.deepEqual(applyStrategicMergePatch(before, patch, deployment), { spec: { strategy: { type: 'Recreate' } } });
  });

  test('null deletes a field, and means nothing where there is none', () => {
    assert.deepEqual(patchedSpec({ nodeName: 'n' }, { nodeName: null, hostname: null, securityContext: { fsGroup: null } }), {
      securityContext: {},
    });
  });

  test('ports merge by containerPort', () => {
    const before = { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'http' }] }] };
    const patch = { containers: [{ name: 'a', ports: [{ containerPort: 80, hostPort: 8080 }] }] };
    assert.deepEqual(patchedSpec(before, patch), {
      containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'http', hostPort: 8080 }] }],
    });
  });

  const mistakes: [string, JsonObject, number, string, string?][] = [
    ['an item without its merge key', { containers: [{ image: 'x' }] }, 500, 'map: map[image:x] does not contain declared merge key: name'],
    ['an unknown directive', { nodeSelector: { $patch: 'shuffle' } }, 500, 'unknown patch type: shuffle in map: map[$patch:shuffle]'],
    ['$retainKeys that misses a field', { securityContext: { $retainKeys: [], fsGroup: 1 } }, 400, 'invalid patch format of retainKeys'],
    ['$setElementOrder that is no list', { '$setElementOrder/containers': 'a' }, 400, 'invalid patch format of setElementOrder list'],
    ['$deleteFromPrimitiveList without a field', { $deleteFromPrimitiveList: ['a'] }, 400, 'invalid patch format of primitive list'],
    [
      'an order that the patch does not follow',
      { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a' }] },
      500,
      "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
    ],
    [
      'items of two types',
      { containers: [{ name: 'a' }, 'b'] },
      500,
      'list element types are not identical: [[map[image:a:1 name:a]] [map[name:a] b]]',
      '',
    ],
    ['a list among objects', { containers: [['a']] }, 500, 'list element types are not identical: [[map[image:a:1 name:a]] [[a]]]', ''],
  ];
  for (const [what, patch, code, message, reason] of mistakes) {
    test(`${what} is an error in upstream's words`, () => {
      const before = { containers: containers('a'), nodeSelector: { a: 'b' }, securityContext: {} };
      const expected = { name: 'StatusError', code, message, ...(reason === undefined ? {} : { reason }) };
      assert.throws(() => patchedSpec(before, patch), expected);
    });
  }
});

test('free JSON has no fields that a strategic merge patch could name', () => {
  const message = 'unable to find api field in struct RawExtension for the json field "a"';
  const revision = builtIn('io.k8s.api.apps.v1.ControllerRevision');
  const merge = (): JsonObject => applyStrategicMergePatch({ data: { a: { b: 1 } } }, { data: { a: { b: 2 } } }, revision);
  assert.throws(merge, { code: 500, reason: '', message });
});

describe('JSON patches', () => {
  const doc = { metadata: { labels: { 'a/b': '1' } }, spec: { replicas: 1, list: ['x', 'y'] } };

  test('all operations work', () => {
    const patch: Json = [
      { op: 'test', path: '/metadata/labels/a~1b', value: '1' },
      { op: 'replace', path: '/spec/replicas', value: 2 },
      { op: 'add', path: '/spec/list/1', value: 'z' },
      { op: 'add', path: '/spec/list/-', value: 'w' },
      { op: 'copy', from: '/spec/replicas', path: '/spec/copy' },
      { op: 'move', from: '/spec/copy', path: '/spec/moved' },
      { op: 'remove', path: '/metadata/labels/a~1b' },
    ];
    assert.deepEqual(applyJsonPatch(doc, patch), { metadata: { labels: {} }, spec: { replicas: 2, list: ['x', 'z', 'y', 'w'], moved: 2 } });
    assert.equal(doc.spec.replicas, 1);
  });

  test('negative indexes count from the end', () => {
    const patch = [{ op: 'add', path: '/spec/list/-1', value: 'z' }];
    assert.deepEqual(applyJsonPatch({ spec: { list: ['x', 'y'] } }, patch), { spec: { list: ['x', 'y', 'z'] } });
    assert.deepEqual(applyJsonPatch({ spec: { list: ['x', 'y'] } }, [{ op: 'remove', path: '/spec/list/-1' }]), { spec: { list: ['x'] } });
  });

  test('an absent field tests as null', () => {
    assert.deepEqual(applyJsonPatch({}, [{ op: 'test', path: '/nothing', value: null }]), {});
  });

  const rejected: [string, Json][] = [
    ['a failing test', [{ op: 'test', path: '/spec/replicas', value: 3 }]],
    ['a missing path', [{ op: 'remove', path: '/spec/nothing' }]],
    ['a missing place in a list to replace', [{ op: 'replace', path: '/spec/list/9', value: 1 }]],
    ['a missing parent', [{ op: 'add', path: '/spec/nothing/below', value: 1 }]],
    ['an unknown operation', [{ op: 'shuffle', path: '/spec' }]],
    ['a path without a slash', [{ op: 'add', path: 'spec', value: 1 }]],
    ['an index beyond the end', [{ op: 'add', path: '/spec/list/9', value: 1 }]],
    ['a path through a scalar', [{ op: 'add', path: '/spec/replicas/below', value: 1 }]],
    ['what only JavaScript has', [{ op: 'remove', path: '/spec/list/length' }]],
    ['what every object inherits', [{ op: 'remove', path: '/spec/toString' }]],
    ['a document that copies itself without end', Array.from({ length: 100 }, () => ({ op: 'copy', from: '/spec', path: '/spec/list/-' }))],
    ['a move into itself', [{ op: 'move', from: '/spec', path: '/spec/below' }]],
    ['a document that is replaced by a scalar', [{ op: 'replace', path: '', value: 1 }]],
  ];
  for (const [what, patch] of rejected) {
    test(`${what} is rejected`, () => {
      const message = 'the server rejected our request due to an error in our request';
      assert.throws(() => applyJsonPatch(doc, patch), { name: 'StatusError', code: 422, reason: 'Invalid', message });
    });
  }

  test('a missing field to replace is added, as kube-apiserver does', () => {
    assert.deepEqual(applyJsonPatch({ a: 1 }, [{ op: 'replace', path: '/b', value: 2 }]), { a: 1, b: 2 });
  });

  test('a patch that is no list is malformed', () => {
    const message = 'json: cannot unmarshal object into Go value of type jsonpatch.Patch';
    assert.throws(() => applyJsonPatch(doc, {}), { code: 400, message });
  });

  test('more than 10000 operations are too many', () => {
    const patch = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/spec/replicas', value: 1 }));
    const message = 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001';
    assert.throws(() => applyJsonPatch(doc, patch), { code: 413, message });
  });
});

describe('merge patches', () => {
  test('objects merge, lists are replaced, nulls delete', () => {
    const patch = { spec: { replicas: null, list: ['z'], template: { a: null, b: 1 } } };
    assert.deepEqual(applyMergePatch({ spec: { replicas: 1, list: ['x'], kept: true } }, patch), {
      spec: { list: ['z'], kept: true, template: { b: 1 } },
    });
  });

  test('what replaces a list loses the nulls of its objects, and what replaces an object keeps them', () => {
    const patch = { list: [{ max: { memory: null, cpu: '1' } }, null], struct: [{ a: null }] };
    assert.deepEqual(applyMergePatch({ list: [], struct: {} }, patch), { list: [{ max: { cpu: '1' } }, null], struct: [{ a: null }] });
  });

  test('fields that objects inherit are ordinary fields', () => {
    const patch = JSON.parse('{"data":{"constructor":"1","__proto__":"2","a":"3"}}') as Json;
    const { data } = applyMergePatch({ data: {} }, patch);
    assert.equal(JSON.stringify(data), '{"constructor":"1","__proto__":"2","a":"3"}');
  });

  test('a patch that is no object is malformed', () => {
    const message = 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}';
    assert.throws(() => applyMergePatch({}, []), { code: 400, message });
  });
});
