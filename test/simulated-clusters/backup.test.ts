/** A cluster's objects, collected from its API while it is written to, and loaded into a store of another engine. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { customKindSource, openClusterStore } from '../../functions/cluster-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { currentFormats } from '../../functions/store/format.ts';
import { loadObjects } from '../../functions/store/load-objects.ts';
import type { BackupObjectLine } from '../../infra/backup/backup-lines.ts';
import { collectObjects, currentRevision, type ReadJson } from '../../infra/backup/collect-objects.ts';
import { loadedObjects } from '../../infra/backup/loaded-objects.ts';
import { testApi, type TestApi } from '../support/api-server.ts';

const widgets = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
const configMaps = '/api/v1/namespaces/default/configmaps';
const manyObjects = 1100;

describe('a backup of a cluster', () => {
  let api: TestApi;
  let directory = '';
  let lines: BackupObjectLine[] = [];
  let revision = 0;

  const read: ReadJson = async <T>(path: string): Promise<T> => {
    const { status, body } = await api.send('GET', path);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    return body as T;
  };

  async function post(path: string, body: object): Promise<void> {
    const { status, body: answer } = await api.send('POST', path, body);
    assert.equal(status, 201, JSON.stringify(answer));
  }

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'backup-'));
    api = await testApi({ sources: [customKindSource], admission: [] });
    for (let index = 0; index < manyObjects; index += 1)
      await post(configMaps, { metadata: { name: `c-${index}` }, data: { index: `${index}` } });
    await post('/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, data: { password: 'eA==' } });
    await post('/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
      },
    });
    await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', widgets);
    revision = await currentRevision(read);
    lines = [];
    for await (const line of collectObjects(read, revision)) {
      lines.push(line);
      // What is written meanwhile is not in it.
      if (lines.length % 400 === 1) await api.send('PATCH', `${configMaps}/c-7`, { data: { index: `late-${lines.length}` } }, merge);
    }
  });
  after(() => rmSync(directory, { recursive: true }));

  const merge = { 'content-type': 'application/merge-patch+json' };

  test('holds every stored object as it was at one revision', () => {
    const restored = new Map(lines.map(({ resource, object }) => [`${resource} ${object.metadata.name}`, object]));
    assert.equal(restored.size, lines.length);
    assert.equal(lines.filter(({ resource }) => resource === 'configmaps').length, manyObjects);
    assert.deepEqual((restored.get('configmaps c-7') as { data?: unknown }).data, { index: '7' });
    assert.ok(lines.every(({ object }) => Number(object.metadata.resourceVersion) <= revision));
  });

  test('makes a store that has the same objects', async () => {
    async function* each(): AsyncGenerator<BackupObjectLine> {
      yield* lines;
    }
    const table = embeddedTable(join(directory, 'store'));
    await loadObjects({ table, formats: currentFormats, ...api.world }, { revision, hasKeys: true }, loadedObjects(each()));
    const { store } = await openClusterStore({ table, world: api.world });
    try {
      const before = await api.store.at(revision);
      for (const resource of new Set(lines.map((line) => line.resource)))
        assert.deepEqual(
          store
            .view()
            .list(resource)
            .map(({ object }) => object),
          before.list(resource).map(({ object }) => object),
          resource,
        );
    } finally {
      await store.close();
    }
  });
});
