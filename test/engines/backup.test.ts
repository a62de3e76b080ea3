/**
 * A backup of many objects goes from the embedded store into DynamoDB Local and back, through sealed files. Each
 * store has every object as the one before.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { openClusterStore } from '../../functions/cluster-store.ts';
import type { ConfigMap, Secret } from '../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { currentFormats } from '../../functions/store/format.ts';
import { loadObjects, type LoadedObject } from '../../functions/store/load-objects.ts';
import type { Store } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { realWorld } from '../../functions/world.ts';
import { readBackup, writeBackup } from '../../infra/backup/backup-file.ts';
import { BackupError, type BackupObjectLine } from '../../infra/backup/backup-lines.ts';
import { collectObjects } from '../../infra/backup/collect-objects.ts';
import { loadedObjects } from '../../infra/backup/loaded-objects.ts';
import { testApi } from '../support/api-server.ts';
import { runCommandLine } from '../support/cluster-process.ts';
import { createTable, missingEngine, openTable, startEngine, type DynamodbEngine } from '../support/dynamodb-engine.ts';

/** `npm run nightly` takes 50,000. */
const objectsMax = Number(process.env['OBJECTS'] ?? 2_000);
const namespaceCount = 20;
const revision = 80_000;
const largeText = 'x'.repeat(900_000);
const world = realWorld('error');
// Age's own makes a guess take a second, which proves nothing here.
const seal = { kind: 'passphrase', passphrase: 'for the test', workFactor: 10 } as const;

/** A thousand objects are mostly of common kinds; one of them is too large for an item of a table. */
function objectOf(index: number): { readonly resource: string; readonly object: KubeObject } {
  const namespace = `n-${index % namespaceCount}`;
  const metadata = {
    name: `o-${index}`,
    namespace,
    uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    resourceVersion: String(index + 1),
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { index: `${index}`, sign: 'é☃' },
  };
  if (index < namespaceCount) {
    const { uid, resourceVersion, creationTimestamp, labels } = metadata;
    const own = { name: namespace, uid, resourceVersion, creationTimestamp, labels };
    return { resource: 'namespaces', object: { apiVersion: 'v1', kind: 'Namespace', metadata: own, status: { phase: 'Active' } } };
  }
  if (index % 10 === 3) {
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: { password: 'eA==' } };
    return { resource: 'secrets', object: secret };
  }
  const large = index % 1000 === 7 && index < 10_000;
  const configMap: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: large ? largeText : `${index}\n` } };
  return { resource: 'configmaps', object: configMap };
}

async function* generated(): AsyncGenerator<LoadedObject> {
  for (let index = 0; index < objectsMax; index += 1) {
    const { resource, object } = objectOf(index);
    const { name = '', namespace = '' } = object.metadata;
    yield { key: { resource, namespace, name }, revision: index + 1, json: JSON.stringify(object) };
  }
}

const missing = missingEngine('DynamoDB Local');

describe('a backup of many objects', missing === undefined ? {} : { skip: missing }, () => {
  let directory: string;
  let engine: DynamodbEngine;
  const stores: Store[] = [];
  const files: string[] = [];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'backup-engines-'));
    engine = await startEngine('DynamoDB Local');
    await createTable(engine.endpoint, 'restored');
    await fill(embeddedTable(join(directory, 'first')), generated());
  });
  after(async () => {
    for (const store of stores) await store.close();
    await engine?.stop();
    rmSync(directory, { recursive: true });
  });

  async function fill(table: Table, objects: AsyncIterable<LoadedObject>): Promise<void> {
    assert.equal(await loadObjects({ table, formats: currentFormats, ...world }, { revision, hasKeys: true }, objects), objectsMax);
    stores.push((await openClusterStore({ table, world })).store);
  }

  /** Backs up the newest store, by requests as to an API. */
  async function backUp(name: string): Promise<string> {
    const file = join(directory, name);
    const store = stores.at(-1)!;
    const api = await testApi({ store, admission: [] });
    const { revision: now } = store.view();
    const read = async <T>(path: string): Promise<T> => {
      const { status, body } = await api.send('GET', path);
      assert.equal(status, 200, `${path}: ${inspect(body)}; ${inspect(api.world.lines.filter(({ level }) => level === 'error'))}`);
      return body as T;
    };
    async function* lines() {
      yield { type: 'hibernetes-backup', version: 1, takenAt: '2026-01-01T00:00:00Z', revision: now } as const;
      for await (const line of collectObjects(read, now)) if (line.object.metadata.name !== 'default') yield line;
    }
    await writeBackup(file, lines(), seal);
    files.push(file);
    return file;
  }

  async function* objectsOf(file: string): AsyncGenerator<BackupObjectLine> {
    for await (const line of readBackup(file, seal)) if (line.type === 'object') yield line;
  }

  /** Both stores are read whole; of objects that differ, the first is shown. */
  function assertSameObjects(): void {
    const [before, now] = stores.slice(-2).map((store) => store.view());
    let count = 0;
    for (const resource of ['namespaces', 'secrets', 'configmaps']) {
      const found = new Map(now!.list(resource).map(({ key, object }) => [`${key.namespace}/${key.name}`, object]));
      for (const { key, object } of before!.list(resource)) {
        if (key.name === 'default') continue;
        assert.deepEqual(found.get(`${key.namespace}/${key.name}`), object);
        count += 1;
      }
    }
    assert.equal(count, objectsMax);
  }

  test('makes the same cluster on DynamoDB, object by object', async () => {
    const file = await backUp('embedded.backup');
    await fill(openTable(engine.endpoint, 'restored', 'other'), loadedObjects(objectsOf(file)));
    assertSameObjects();
  });

  test('makes the same embedded cluster of the one on DynamoDB, object by object', async () => {
    const file = await backUp('dynamodb.backup');
    await fill(embeddedTable(join(directory, 'second')), loadedObjects(objectsOf(file)));
    assertSameObjects();
  });

  test('a backup of many objects that is cut off anywhere is refused in one sentence, and nothing is made', async () => {
    const [file = ''] = files;
    const { size } = statSync(file);
    for (const bytes of [size - 1, size - 4000, Math.floor(size / 2), 300]) {
      const cut = join(directory, 'cut.backup');
      copyFileSync(file, cut);
      truncateSync(cut, bytes);
      await assert.rejects(async () => {
        for await (const line of readBackup(cut, seal)) void line;
      }, BackupError);
    }
    const passphrase = join(directory, 'passphrase');
    writeFileSync(passphrase, seal.passphrase);
    const dataDir = join(directory, 'nothing');
    const words = ['restore', join(directory, 'cut.backup'), '--data-dir', dataDir, '--passphrase-file', passphrase];
    const { code, stderr } = await runCommandLine(words);
    assert.equal(code, 1);
    assert.match(stderr, /^error: Nothing was restored: the backup is cut off or damaged[^\n]*\n$/);
    assert.equal(existsSync(join(dataDir, 'cluster.json')), false);
  });
});
