/**
 * What becomes a key is bounded and well-formed before it is committed, on every table. A caller may choose names,
 * labels and uids. None of them stops housekeeping, makes a cold start fail, or fails the writes of others.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { Key } from '../../functions/kube/view.ts';
import { encodeBody } from '../../functions/store/body.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { encodeFrames, type Frame } from '../../functions/store/entry-codec.ts';
import type { Operation, Store } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { append } from '../contract/append.ts';
import { testApi } from '../support/api-server.ts';
import { createTable, missingEngine, openTable, startEngine, type DynamodbEngine } from '../support/dynamodb-engine.ts';
import { everyCase } from '../support/every-case.ts';
import { seededRandom, virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';

/** No table takes a time to live of then for over. */
const startMs = Date.UTC(2100, 0, 1);
const minuteMs = 60_000;
const resource = 'clusterroles.rbac.authorization.k8s.io';
const repeated = (text: string, bytes: number): string => text.repeat(Math.ceil(bytes / Buffer.byteLength(text)));

/** At which some table's keys end, and far beyond. */
const lengths = [63, 254, 900, 1000, 1024, 1100, 1900, 1978, 5000, 20_000, 70_000, 500_000];
const pieces = ['a', 'ä', '😀', ' ', '\n', '\u0000', '\u0001', '\uffff', '%2F', '%', '#', '?', ':', '..', '!', '\\', '"', '-', '.'];
const refused = ['\ud800', '\udfff', 'a\ud800b', '\udc00\ud800', 'a/b', '/', 'a'.repeat(70_000), 'a'.repeat(1_000_000)];

interface Attempt {
  readonly key: Key;
  readonly object: KubeObject;
}

/** Names of all lengths and pieces, each with a label, a uid or an annotation of the same kind. */
function attempts(seed: number): Attempt[] {
  const random = seededRandom(seed);
  const piece = (): string => pieces[Math.floor(random.next() * pieces.length)]!;
  const mixed = Array.from({ length: 20 }, () => Array.from({ length: 1 + Math.floor(random.next() * 6) }, piece).join(''));
  const long = lengths.flatMap((bytes) => [repeated('a', bytes), repeated(piece(), bytes)]);
  const names = [...new Set([...long, ...pieces, ...refused, ...mixed])];
  const fields = (index: number): Record<string, unknown> => {
    const text = names[(index * 7) % names.length]!;
    return [{ labels: { [text.slice(0, 100)]: text } }, { uid: text }, { annotations: { a: text } }][index % 3]!;
  };
  return names.map((name, index) => ({
    key: { resource, namespace: '', name },
    object: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, uid: `uid-${index}`, ...fields(index) } },
  }));
}

function writing(type: 'create' | 'delete', { key, object }: Attempt): Operation<undefined> {
  const write = type === 'delete' ? { type, key } : { type, key, object };
  return { keys: [key], decide: () => ({ outcome: 'write', writes: [write], answer: () => undefined }) };
}

const plain = (name: string): Attempt => ({
  key: { resource: 'configmaps', namespace: 'default', name },
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid: name } },
});

/** Until all that was written lies behind the watermark. */
async function housekeep(store: Store, world: VirtualWorld): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await world.advance(10 * minuteMs);
    await store.commit(writing('create', plain(`tick-${world.clock.now()}`)));
    await store.housekeep();
  }
}

const jsonName = (name: string): string => JSON.stringify(name);

function shown(store: Store): Map<string, string> {
  const objects = store.view().list(resource);
  return new Map(objects.map(({ key, object }) => [jsonName(key.name), JSON.stringify(object)]));
}

async function reading<T>(open: () => Table, read: (table: Table) => Promise<T>): Promise<T> {
  const table = open();
  try {
    return await read(table);
  } finally {
    await table.close();
  }
}

/** A log entry as a version wrote it that checked nothing. */
async function writeUnchecked(open: () => Table, poison: readonly Attempt[]): Promise<void> {
  const frames = poison.map(({ key, object }, index): Frame => {
    const json = JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: `${index + 1}` } });
    return { type: 'added', key, uid: '', previousRevision: 0, body: encodeBody(json) };
  });
  const entry = { logIndex: 1, firstRevision: 1, count: frames.length, nonce: 'old', writtenMs: startMs, frames: encodeFrames(frames) };
  await reading(open, async (table) => {
    await table.readMeta();
    await append(table, entry, startMs);
  });
}

interface Place {
  open(): Table;
  remove(): Promise<void>;
}

function keysContract(name: string, place: () => Place): void {
  const fact = (title: string, body: (open: () => Table, world: VirtualWorld) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const { open, remove } = place();
      try {
        await body(open, virtualWorld(1, startMs));
      } finally {
        await remove();
      }
    });
  };

  fact('what was acknowledged is there after housekeeping and a cold start, and what was refused harms no others', async (open, world) => {
    const store = await createStore({ table: open(), world });
    const acknowledged: Attempt[] = [];
    const innocents: Promise<undefined>[] = [];
    const tries = attempts(1).map(async (attempt, index) => {
      innocents.push(store.commit(writing('create', plain(`innocent-${index}`))));
      const error = await store.commit(writing('create', attempt)).catch((thrown: unknown) => thrown);
      if (error === undefined) acknowledged.push(attempt);
      else assert.match(error instanceof Error ? error.message : '', /no well-formed text|what separates parts|bytes long, more than/);
    });
    await Promise.all([...tries, ...innocents]);
    const before = shown(store);
    await everyCase(
      refused,
      (each) => jsonName(each.slice(0, 100)),
      (each) => assert.ok(!before.has(jsonName(each))),
    );
    assert.deepEqual(new Set(before.keys()), new Set(acknowledged.map(({ key }) => jsonName(key.name))));
    assert.ok(before.has(jsonName('a'.repeat(1100))));
    await housekeep(store, world);
    const { revision } = await reading(open, (table) => table.readMeta());
    assert.ok(revision > before.size, `the watermark is at ${revision}`);
    await store.close();
    const cold = await createStore({ table: open(), world });
    assert.deepEqual(shown(cold), before);
    await Promise.all(acknowledged.map((attempt) => cold.commit(writing('delete', attempt))));
    await housekeep(cold, world);
    await cold.close();
    const last = await createStore({ table: open(), world });
    assert.equal(shown(last).size, 0);
    await last.close();
  });

  fact('entries of an older log that would be refused today block nothing, and can be deleted', async (open, world) => {
    const names = ['b'.repeat(1100), 'c'.repeat(3000), 'd\ud800', 'd\ud801', 'e/f', 'g/h/i', 'd\ufffd'];
    const poison = names.map((each): Attempt => ({ key: { resource, namespace: '', name: each }, object: { metadata: { name: each } } }));
    await writeUnchecked(open, poison);
    const store = await createStore({ table: open(), world });
    const before = shown(store);
    assert.equal(before.size, names.length);
    await housekeep(store, world);
    await store.close();
    const cold = await createStore({ table: open(), world });
    assert.deepEqual(shown(cold), before);
    for (const attempt of poison) await cold.commit(writing('delete', attempt));
    await housekeep(cold, world);
    await cold.close();
    const last = await createStore({ table: open(), world });
    assert.equal(shown(last).size, 0);
    await last.close();
  });
}

keysContract('memory table', () => {
  const table = memoryTable();
  return { open: () => table, remove: async () => undefined };
});

keysContract('embedded table', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keys-'));
  return { open: () => embeddedTable(directory), remove: async () => rmSync(directory, { recursive: true }) };
});

const missing = missingEngine('dynoxide');

describe('DynamoDB as dynoxide', missing === undefined ? {} : { skip: missing }, () => {
  const tableName = 'keys';
  let engine: DynamodbEngine;
  let clusters = 0;
  before(async () => {
    engine = await startEngine('dynoxide');
    await createTable(engine.endpoint, tableName);
  });
  after(() => engine?.stop());
  keysContract('dynoxide', () => {
    clusters += 1;
    const cluster = `cluster-${clusters}`;
    return { open: () => openTable(engine.endpoint, tableName, cluster), remove: async () => undefined };
  });
});

const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
const maps = '/api/v1/namespaces/default/configmaps';
const role = (metadata: string): string =>
  `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{${metadata}},"rules":[]}`;
const map = (metadata: string): string => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m",${metadata}}}`;

interface Case {
  readonly path: string;
  readonly body: string;
  readonly headers?: Record<string, string>;
  readonly status: number;
  /** The name of the object that is made. */
  readonly name?: string;
  readonly annotations?: Record<string, string>;
}

/** As kube-apiserver 1.37.2 answers them, but for the last two: it takes names of hundreds of kilobytes, and fails with 500 beyond. */
const cases: readonly Case[] = [
  { path: roles, body: role(`"name":"${'a'.repeat(700)}"`), status: 201, name: 'a'.repeat(700) },
  ...['a/b', '.', '..', 'a%2Fb', ''].map((name) => ({ path: roles, body: role(`"name":"${name}"`), status: 422 })),
  { path: roles, body: role('"name":"a\\u0000b"'), status: 201, name: 'a\u0000b' },
  { path: roles, body: role('"name":"a\\nb"'), status: 201, name: 'a\nb' },
  { path: roles, body: role('"name":"a😀b"'), status: 201, name: 'a😀b' },
  { path: roles, body: role('"name":"a\\ud83d\\ude00c"'), status: 201, name: 'a😀c' },
  { path: roles, body: role('"name":"a\\ud800b"'), status: 201, name: 'a\ufffdb' },
  { path: roles, body: role('"name":"a\\udfffb"'), status: 409 },
  { path: roles, body: role('"name":"a\ufffdb"'), status: 409 },
  { path: roles, body: role('"name": "y\\ud800"'), headers: { 'content-type': 'application/yaml' }, status: 201, name: 'y\ufffd' },
  { path: maps, body: map('"labels":{"a\\ud800":"b"}'), status: 422 },
  { path: maps, body: map('"labels":{"a":"b\\ud800"}'), status: 422 },
  { path: maps, body: map('"annotations":{"a\\ud800":"b"}'), status: 422 },
  { path: maps, body: map('"namespace":"a\\ud800"'), status: 400 },
  { path: `${maps}?fieldManager=${'x'.repeat(129)}`, body: map('"uid":"u"'), status: 422 },
  { path: `${maps}?fieldManager=a%00b`, body: map('"uid":"u"'), status: 422 },
  {
    path: `${maps}?fieldManager=%ED%A0%80`,
    body: map('"annotations":{"a":"x\\ud800y"}'),
    status: 201,
    name: 'm',
    annotations: { a: 'x\ufffdy' },
  },
  ...[1100, 70_000].map((length) => ({ path: roles, body: role(`"name":"${'a'.repeat(length)}"`), status: 422 })),
];

test('the API answers names, labels and field managers that are no keys as upstream does', async () => {
  const { send, store } = await testApi();
  for (const { path, body, headers, status, name, annotations } of cases) {
    const answer = await send('POST', path, body, headers);
    const shown = `${path.slice(0, 80)} ${body.slice(0, 140)}: ${JSON.stringify(answer.body).slice(-300)}`;
    assert.equal(answer.status, status, shown);
    const metadata = answer.body['metadata'] as { name?: string; annotations?: unknown };
    if (name !== undefined) assert.equal(metadata.name, name, shown);
    if (annotations !== undefined) assert.deepEqual(metadata.annotations, annotations);
  }
  const patch = { 'content-type': 'application/merge-patch+json' };
  const patched = await send('PATCH', `${maps}/m`, '{"metadata":{"annotations":{"p":"\\udc00"}}}', patch);
  assert.deepEqual((patched.body['metadata'] as { annotations: unknown }).annotations, { a: 'x\ufffdy', p: '\ufffd' });
  const generated = await send('POST', roles, role(`"generateName":"${'😀'.repeat(30)}"`));
  assert.equal(generated.status, 201);
  const name = (generated.body['metadata'] as { name: string }).name;
  assert.ok(name.isWellFormed() && Buffer.byteLength(name) <= 66, name);
  assert.equal((await send('GET', `${roles}/a%00b`)).status, 200);
  for (const stored of store.view().list(resource)) assert.ok(JSON.stringify(stored.object).isWellFormed());
});
