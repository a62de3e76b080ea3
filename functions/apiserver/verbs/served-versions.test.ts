/** Kinds that are stored in one version and served in two: each version reads, writes and watches what the other one wrote. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';

interface Form {
  readonly path: string;
  readonly apiVersion: string;
  /** The same field under its name in this version. */
  valueOf(object: JsonObject): unknown;
  patchOf(value: unknown): object;
}

interface Kind {
  readonly kind: string;
  readonly object: JsonObject;
  /** The version that is stored, and the other one. */
  readonly forms: readonly [Form, Form];
  readonly values: readonly [unknown, unknown];
}

const part = (object: JsonObject, name: string): JsonObject => (object[name] ?? {}) as JsonObject;
const cpu = (percent: unknown): object => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
});

const labelOf = (object: JsonObject): unknown => part(part(object, 'metadata'), 'labels')['state'];
const labelled = (value: unknown): object => ({ metadata: { labels: { state: (value as readonly unknown[])[1] } } });

const kinds: readonly Kind[] = [
  {
    kind: 'Event',
    object: {
      metadata: { name: 'a' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web' },
      message: 'first',
      reason: 'Pulled',
      type: 'Normal',
    },
    forms: [
      {
        path: '/api/v1/namespaces/default/events',
        apiVersion: 'v1',
        valueOf: (object) => [object['message'], labelOf(object)],
        patchOf: labelled,
      },
      {
        path: '/apis/events.k8s.io/v1/namespaces/default/events',
        apiVersion: 'events.k8s.io/v1',
        valueOf: (object) => [object['note'], labelOf(object)],
        patchOf: labelled,
      },
    ],
    // The message of an Event does not change.
    values: [
      ['first', undefined],
      ['first', 'second'],
    ],
  },
  {
    kind: 'HorizontalPodAutoscaler',
    object: {
      metadata: { name: 'a' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        maxReplicas: 3,
        metrics: [cpu(50)],
      } as JsonObject,
    },
    forms: [
      {
        path: '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
        apiVersion: 'autoscaling/v2',
        valueOf: (object) => (part(object, 'spec')['metrics'] as JsonObject[])[0],
        patchOf: (metric) => ({ spec: { metrics: [metric] } }),
      },
      {
        path: '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers',
        apiVersion: 'autoscaling/v1',
        valueOf: (object) => cpu(part(object, 'spec')['targetCPUUtilizationPercentage']),
        patchOf: (metric) => ({
          spec: { targetCPUUtilizationPercentage: part(part(metric as JsonObject, 'resource'), 'target')['averageUtilization'] },
        }),
      },
    ],
    values: [cpu(50), cpu(60)],
  },
];

const mergePatch = { 'content-type': 'application/merge-patch+json' };

async function firstChange(api: TestApi, { path }: Form, after: string): Promise<{ readonly type: string; readonly object: JsonObject }> {
  const watch = await api.fetch(`${path}?watch=true&resourceVersion=${after}`);
  const reader = watch.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n')) text += (await reader.read()).value ?? '';
  await reader.cancel();
  return JSON.parse(text.split('\n')[0]!) as { type: string; object: JsonObject };
}

for (const { kind, object, forms, values } of kinds) {
  const [stored, other] = forms;
  const [before, after] = values;
  describe(`${kind} in two versions`, () => {
    for (const [writer, reader] of [
      [stored, other],
      [other, stored],
    ] as const) {
      test(`${reader.apiVersion} reads, lists and watches what ${writer.apiVersion} wrote`, async () => {
        const api = await testApi();
        const made = await api.send('POST', stored.path, { apiVersion: stored.apiVersion, kind, ...object });
        assert.equal(made.status, 201, JSON.stringify(made.body));
        const { resourceVersion } = part(made.body, 'metadata') as { resourceVersion: string };
        const patched = await api.send('PATCH', `${writer.path}/a`, writer.patchOf(after), mergePatch);
        assert.deepEqual([patched.body['apiVersion'], writer.valueOf(patched.body)], [writer.apiVersion, after]);
        const { body } = await api.send('GET', `${reader.path}/a`);
        assert.deepEqual([body['apiVersion'], reader.valueOf(body)], [reader.apiVersion, after]);
        const list = await api.send('GET', reader.path);
        assert.deepEqual((list.body['items'] as JsonObject[]).map(reader.valueOf), [after]);
        const change = await firstChange(api, reader, resourceVersion);
        assert.deepEqual([change.type, change.object['apiVersion'], reader.valueOf(change.object)], ['MODIFIED', reader.apiVersion, after]);
        assert.equal((await api.send('DELETE', `${reader.path}/a`)).status, 200);
        assert.equal((await api.fetch(`${writer.path}/a`)).status, 404);
      });
    }

    test('an object is put in one version, and what the other version knows is kept', async () => {
      const api = await testApi();
      await api.send('POST', stored.path, { apiVersion: stored.apiVersion, kind, ...object });
      const { body } = await api.send('GET', `${other.path}/a`);
      assert.equal((await api.send('PUT', `${other.path}/a`, body)).status, 200);
      assert.deepEqual(stored.valueOf((await api.send('GET', `${stored.path}/a`)).body), before);
    });
  });
}
