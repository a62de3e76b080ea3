/** Two versions of the code on one table, before, while and after a newer format is finalized; for every table. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import type { Formats } from '../../functions/store/format.ts';
import { StoreError, type Operation, type Store } from '../../functions/store/store.ts';
import type { Stored } from '../../functions/kube/view.ts';
import type { Table } from '../../functions/store/table.ts';
import { newFormats, oldFormats } from '../support/format-step.ts';
import { virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';
import { create, pod, podKey, remove } from './cluster.ts';
import { whileTimePasses } from '../../functions/virtual-clock.ts';

export interface FormatPlace {
  open(formats: Formats): Table;
  remove(): Promise<void>;
}

const minuteMs = 60_000;
/** No table takes a time to live of then for over. */
const startMs = Date.UTC(2100, 0, 1);

/** As a version writes it that calls the field so. */
export function noted(name: string, field: 'note' | 'remark', value: string): Operation<Stored> {
  return create({ ...pod(name), spec: { [field]: value } });
}

const configMap: Operation<Stored> = {
  keys: [{ resource: 'configmaps', namespace: 'default', name: 'other' }],
  decide: () => ({
    outcome: 'write',
    writes: [
      {
        type: 'create',
        key: { resource: 'configmaps', namespace: 'default', name: 'other' },
        object: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'other', namespace: 'default', uid: 'uid-other' },
          spec: { note: 'stays' },
        },
      },
    ],
    answer: ([stored]) => stored!,
  }),
};

export const specs = (store: Store): Record<string, unknown> =>
  Object.fromEntries(
    store
      .view()
      .list('pods')
      .map(({ key, object }) => [key.name, (object as { spec?: unknown }).spec]),
  );

/** Rounds of housekeeping, ten minutes apart, until the store is settled. */
export async function housekeepUntilSettled(store: Store, world: VirtualWorld): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    await world.advance(10 * minuteMs);
    await store.housekeep();
    const { writes, oldest } = store.format();
    if (writes === oldest) return;
  }
  assert.fail(`not settled: ${JSON.stringify(store.format())}`);
}

const needsNewer = (what: string): StoreError =>
  new StoreError('wrong-format', `${what} has format 4, which needs hibernetes 9.9.0 or later; this version reads format 3`);

export function formatContract(name: string, place: () => FormatPlace): void {
  const fact = (
    title: string,
    body: (open: (formats: Formats) => Promise<Store>, world: VirtualWorld, table: FormatPlace) => Promise<void>,
  ): void => {
    test(title, async () => {
      const table = place();
      const world = virtualWorld(1, startMs);
      const stores: Store[] = [];
      const open = async (formats: Formats): Promise<Store> => {
        const store = await createStore({ table: table.open(formats), world, formats, limits: { inlineBytesMax: 200 } });
        stores.push(store);
        return store;
      };
      try {
        await body(open, world, table);
      } finally {
        for (const store of stores) await store.close();
        await table.remove();
      }
    });
  };

  describe(`${name}: formats`, () => {
    fact('a newer version works beside an older one, each with its own words, until the format is finalized', async (open, world) => {
      const old = await open(oldFormats);
      await old.commit(noted('one', 'note', 'a'));
      const next = await open(newFormats);
      await next.commit(noted('two', 'remark', 'b'));
      await old.commit(noted('three', 'note', 'c'));
      await old.fresh();
      await next.fresh();
      assert.deepEqual(specs(old), { one: { note: 'a' }, three: { note: 'c' }, two: { note: 'b' } });
      assert.deepEqual(specs(next), { one: { remark: 'a' }, three: { remark: 'c' }, two: { remark: 'b' } });
      assert.deepEqual(next.format(), { writes: 3, oldest: 3, newest: 4, objectsLeft: 0 });
      for (let round = 0; round < 3; round += 1) {
        await world.advance(10 * minuteMs);
        await next.commit(noted(`later-${round}`, 'remark', 'd'));
        await next.housekeep();
      }
      // The roll-back: the older version starts again on what the newer one wrote.
      const back = await open(oldFormats);
      assert.deepEqual(specs(back)['two'], { note: 'b' });
      assert.deepEqual(specs(back)['later-2'], { note: 'd' });
    });

    fact(
      'after it is finalized the older version stops, running or starting, with the name of the version that is needed',
      async (open) => {
        const old = await open(oldFormats);
        await old.commit(noted('one', 'note', 'a'));
        const next = await open(newFormats);
        await next.finalizeFormat();
        assert.deepEqual(next.format(), { writes: 4, oldest: 3, needs: '9.9.0', newest: 4, objectsLeft: 1 });
        await assert.rejects(old.commit(noted('two', 'note', 'b')), needsNewer('the store'));
        await assert.rejects(old.fresh(), needsNewer('the store'));
        await assert.rejects(open(oldFormats), needsNewer('the store'));
        await next.fresh();
        assert.deepEqual(specs(next), { one: { remark: 'a' } });
      },
    );

    fact('writes go on while old objects are rewritten; then nothing of the old format is left', async (open, world, table) => {
      const old = await open(oldFormats);
      const large = 'x'.repeat(100) + Array.from({ length: 600 }, (_, index) => index * 7919).join();
      await old.commit(noted('large', 'note', large));
      for (const each of ['a', 'b', 'gone']) await old.commit(noted(each, 'note', each));
      await old.commit(configMap);
      await old.housekeep();
      const next = await open(newFormats);
      await next.finalizeFormat();
      await next.commit(noted('written-between', 'remark', 'c'));
      await next.commit(remove(podKey('gone')));
      assert.equal(next.format().objectsLeft, 3);
      const other = await open(newFormats);
      const unconcerned = next.view().list('configmaps')[0]!.revision;
      // Two that write at the same moment take turns, for which they wait.
      await whileTimePasses(world, Promise.all([next.housekeep(), other.housekeep(), next.commit(noted('meanwhile', 'remark', 'd'))]));
      assert.equal(next.format().objectsLeft, 0);
      assert.equal(next.view().list('configmaps')[0]!.revision, unconcerned);
      await housekeepUntilSettled(next, world);
      const cold = await open(newFormats);
      assert.deepEqual(cold.format(), { writes: 4, oldest: 4, needs: '9.9.0', newest: 4, objectsLeft: 0 });
      const expected = {
        a: { remark: 'a' },
        b: { remark: 'b' },
        large: { remark: large },
        meanwhile: { remark: 'd' },
        'written-between': { remark: 'c' },
      };
      assert.deepEqual(specs(cold), expected);
      assert.deepEqual(cold.view().list('configmaps')[0]!.object['spec'], { note: 'stays' });
      await housekeepUntilWatermark(table.open(newFormats), cold, world);
      await assert.rejects(
        open(oldFormats),
        (error: unknown) => error instanceof StoreError && error.message.includes('needs hibernetes 9.9.0 or later'),
      );
      assert.deepEqual(specs(await open(newFormats)), expected);
    });

    fact('a finalized format is finalized once, and nothing is written where there is none', async (open, world) => {
      const old = await open(oldFormats);
      await old.commit(noted('one', 'note', 'a'));
      await old.finalizeFormat();
      assert.equal(old.view().revision, 1);
      const next = await open(newFormats);
      const other = await open(newFormats);
      await whileTimePasses(world, Promise.all([next.finalizeFormat(), next.finalizeFormat(), other.finalizeFormat()]));
      await next.fresh();
      assert.equal(next.view().revision, 2);
    });

    fact('a store that a version makes begins in its newest format', async (open) => {
      const next = await open(newFormats);
      await next.commit(noted('one', 'remark', 'a'));
      assert.deepEqual(next.format(), { writes: 4, oldest: 4, needs: '9.9.0', newest: 4, objectsLeft: 0 });
      await assert.rejects(open(oldFormats), (error: unknown) => error instanceof StoreError && error.code === 'wrong-format');
      assert.deepEqual(specs(await open(newFormats)), { one: { remark: 'a' } });
    });
  });
}

/** Until the place where the format is named lies behind the watermark: from then on the table itself names it. */
async function housekeepUntilWatermark(table: Table, store: Store, world: VirtualWorld): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    await store.commit(noted(`round-${round}`, 'remark', ''));
    await store.commit(remove(podKey(`round-${round}`)));
    await world.advance(10 * minuteMs);
    await store.housekeep();
    if ((await table.readMeta()).format?.oldest === 4) break;
  }
  assert.deepEqual((await table.readMeta()).format, { writes: 4, oldest: 4, needs: '9.9.0' });
  await table.close();
}
