import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Key } from '../kube/view.ts';
import { createStore } from './create-store.ts';
import { type Formats, formatsWithoutKeys, sealedFormats } from './format.ts';
import { memoryTable } from './memory/memory-table.ts';
import { type ClusterKey, type KeyRing, newClusterKey, Sealing } from './seal.ts';
import { decodeFrames, isMark } from './entry-codec.ts';
import type { Store } from './store.ts';
import type { Table } from './table.ts';

const key: Key = { resource: 'secrets', namespace: 'a', name: 's' };
const body = Buffer.from('body');

const ringOf = (...keys: [ClusterKey, ...ClusterKey[]]): KeyRing => ({
  current: () => keys[0],
  find: (id) => keys.find((one) => one.id === id),
});

describe('a sealed body', () => {
  const ring = ringOf(newClusterKey());
  const sealing = new Sealing(ring);

  test('a sealed body opens in its own place, and does not show what is in it', () => {
    const sealed = sealing.seal(key, body, undefined);
    assert.ok(!sealed.body.includes('body'));
    assert.deepEqual(sealing.open(key, sealed.body, 'it').body, body);
  });

  test('a sealed body opens neither elsewhere, nor changed, nor cut, nor with other keys', () => {
    const sealed = sealing.seal(key, body, undefined).body;
    const refused = { code: 'corrupt' };
    for (const other of [{ name: 't' }, { namespace: 'b' }, { resource: 'configmaps' }])
      assert.throws(() => sealing.open({ ...key, ...other }, sealed, 'it'), refused);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      assert.throws(() => sealing.open(key, changed, 'it'), refused);
      assert.throws(() => sealing.open(key, sealed.subarray(0, at), 'it'), refused);
    }
    assert.throws(() => new Sealing(ringOf(newClusterKey())).open(key, sealed, 'it'), { name: 'StoreError', code: 'corrupt' });
  });

  test('a sealed body keeps its data key, and gets a new envelope when the cluster key is replaced', () => {
    const first = sealing.seal(key, body, undefined);
    const second = sealing.seal(key, body, first.envelope);
    assert.deepEqual(second.envelope, first.envelope);
    assert.notDeepEqual(second.body, first.body);
    const rotated = new Sealing(ringOf(newClusterKey(), ring.current()));
    assert.ok(rotated.isOld(first.envelope));
    const third = rotated.seal(key, body, first.envelope);
    assert.ok(!rotated.isOld(third.envelope));
    assert.deepEqual(rotated.open(key, third.body, 'it').body, body);
    // The data key is the same: the new envelope opens what the old one was made for.
    const rejoined = Buffer.concat([third.envelope, first.body.subarray(first.envelope.length)]);
    assert.deepEqual(rotated.open(key, rejoined, 'it').body, body);
  });
});

const secret = (name: string, text: string): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'a', uid: `uid-${name}` }, data: { text } }) as KubeObject;

async function put(store: Store, resource: string, object: KubeObject): Promise<void> {
  const at = { resource, namespace: 'a', name: object.metadata.name ?? '' };
  await store.commit({
    keys: [at],
    decide: (view) => ({
      outcome: 'write',
      writes: [{ type: view.get(at) === undefined ? 'create' : 'update', key: at, object }],
      answer: () => undefined,
    }),
  });
}

/** Every body in a table, wherever it lies, with whose it is. */
async function bodiesIn(table: Table, blobs: ReadonlyMap<string, Uint8Array>): Promise<readonly (readonly [string, Uint8Array])[]> {
  const { entries } = await table.readEntries(0);
  const items = await table.readObjects();
  const all = [
    ...entries.flatMap((entry) =>
      decodeFrames(entry).flatMap((frame) => (isMark(frame) ? [] : [[frame.key.resource, frame.body] as const])),
    ),
    ...items.flatMap((item) => (item.body === undefined ? [] : [[item.resource, item.body] as const])),
  ];
  const isReference = ([, bytes]: readonly [string, Uint8Array]): boolean => bytes[0] === 255;
  return [...all.filter((one) => !isReference(one)), ...[...blobs.values()].map((bytes) => ['secrets', bytes] as const)];
}

const sealedMark = Buffer.of(254, 4);
const isSealed = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 2)).equals(sealedMark);

interface Place {
  readonly table: Table;
  readonly blobs: Map<string, Uint8Array>;
  open(formats: Formats): Promise<Store>;
  readonly world: ReturnType<typeof virtualWorld>;
}

function place(formats: Formats): Place {
  const world = virtualWorld();
  const memory = memoryTable({ clock: world.clock, formats });
  const blobs = new Map<string, Uint8Array>();
  const table: Table = new Proxy(memory, {
    get(target, name) {
      if (name === 'close') return async () => undefined;
      if (name === 'putBlob')
        return (hash: string, bytes: Uint8Array) => {
          blobs.set(hash, bytes);
          return target.putBlob(hash, bytes);
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { table, blobs, world, open: (of) => createStore({ table, world, formats: of, limits: { inlineBytesMax: 2000 } }) };
}

async function checkpointed(store: Store, { world }: Place): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await world.advance(3_600_000);
    await store.housekeep();
  }
}

test('no body of a Secret lies open in the log, in objects or in blobs, and others do', async () => {
  const formats = sealedFormats(ringOf(newClusterKey()));
  const where = place(formats);
  const store = await where.open(formats);
  await put(store, 'secrets', secret('small', 'x'));
  await put(store, 'secrets', secret('small', 'y'));
  await put(store, 'secrets', secret('large', Buffer.from(where.world.random.bytes(20_000)).toString('base64')));
  await put(store, 'configmaps', secret('other', 'z'));
  await checkpointed(store, where);
  const bodies = await bodiesIn(where.table, where.blobs);
  assert.ok(where.blobs.size > 0);
  assert.ok(bodies.some(([resource]) => resource === 'configmaps'));
  for (const [resource, bytes] of bodies) assert.equal(isSealed(bytes), resource === 'secrets', resource);
  const cold = await where.open(formats);
  assert.equal(cold.view().list('secrets').length, 2);
  await assert.rejects(where.open(sealedFormats(ringOf(newClusterKey()))), { code: 'corrupt' });
});

test('a store without its keys shows its format, nothing of a Secret, and writes no Secret', async () => {
  const formats = sealedFormats(ringOf(newClusterKey()));
  const where = place(formats);
  await put(await where.open(formats), 'secrets', secret('s', 'x'));
  const store = await where.open(formatsWithoutKeys);
  assert.equal(store.format().writes, 4);
  assert.deepEqual(
    store
      .view()
      .list('secrets')
      .map(({ object }) => object),
    [{ metadata: {} }],
  );
  await assert.rejects(put(store, 'secrets', secret('s', 'y')), { code: 'wrong-format' });
});

test('a process that does not know the newer key yet leaves what that sealed', () => {
  const [old, fresh] = [newClusterKey(), newClusterKey()];
  const { envelope } = new Sealing(ringOf(fresh)).seal(key, body, undefined);
  assert.deepEqual([new Sealing(ringOf(old)).isOld(envelope), new Sealing(ringOf(old, fresh)).isOld(envelope)], [false, true]);
});

test('a replaced cluster key is needed no more once housekeeping went over the Secrets', async () => {
  const [old, fresh] = [newClusterKey(), newClusterKey()];
  const keys: [ClusterKey, ...ClusterKey[]] = [old];
  const formats = sealedFormats({ current: () => keys[0], find: (id) => keys.find((one) => one.id === id) });
  const where = place(formats);
  const store = await where.open(formats);
  await put(store, 'secrets', secret('s', 'x'));
  keys.unshift(fresh);
  await put(store, 'secrets', secret('t', 'y'));
  assert.equal(store.format().objectsLeft, 1);
  await checkpointed(store, where);
  assert.equal(store.format().objectsLeft, 0);
  await checkpointed(store, where);
  const cold = await where.open(sealedFormats(ringOf(fresh)));
  assert.equal(cold.view().list('secrets').length, 2);
});

test('a process that meets a key of another one searches for it', async () => {
  const [old, fresh] = [newClusterKey(), newClusterKey()];
  const writing = sealedFormats(ringOf(old));
  const where = place(writing);
  let known: readonly ClusterKey[] = [old];
  const reading = await where.open(
    sealedFormats({
      current: () => old,
      find: (id) => known.find((one) => one.id === id),
      refresh: async () => void (known = [fresh, old]),
    }),
  );
  const other = await where.open(sealedFormats(ringOf(fresh, old)));
  await put(other, 'secrets', secret('s', 'x'));
  assert.equal((await reading.fresh()).list('secrets').length, 1);
});
