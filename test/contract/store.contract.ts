/** The promises of `Store`, written once; every table must let a store keep them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createStore, type StoreOptions } from '../../functions/store/create-store.ts';
import type { Store } from '../../functions/store/store.ts';
import { StoreError } from '../../functions/store/store.ts';
import { damageFacts } from './damage.contract.ts';
import type { TablePlace } from './table-place.ts';
import { type Damage, damagedTable, noDamage, textOfDamage } from '../support/damaged-table.ts';
import { virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';
import { compact, create, Conflict, Exists, follow, Missing, names, plain, pod, podKey, remove, summary, update } from './cluster.ts';
import { whileTimePasses } from '../../functions/virtual-clock.ts';

export interface Given {
  readonly store: Store;
  readonly world: VirtualWorld;
  /** What the stores read damaged from the table, from now on. */
  readonly damage: Damage;
  /** The objects that turned out to be unreadable, as `resource namespace/name at revision N`, and the errors of log entries. */
  readonly found: readonly string[];
  /** Another store on the same table, as another process would have. */
  another(limits?: StoreOptions['limits']): Promise<Store>;
  /** Closes all stores, and opens one again. */
  restart(limits?: StoreOptions['limits']): Promise<Store>;
}

export type Fact = (title: string, body: (given: Given) => Promise<void>, limits?: StoreOptions['limits']) => void;

const code = (expected: StoreError['code']) => (error: unknown) => error instanceof StoreError && error.code === expected;

export function storeContract(name: string, place: () => TablePlace): void {
  const fact: Fact = (title, body, limits) => {
    test(title, async () => {
      const tables = place();
      const world = virtualWorld(1, tables.startMs);
      const stores: Store[] = [];
      const damage = noDamage();
      const found: string[] = [];
      const foundDamage: StoreOptions['foundDamage'] = (error) => found.push(textOfDamage(error));
      const open = async (own: StoreOptions['limits'] = limits): Promise<Store> => {
        const table = damagedTable(tables.open(), damage);
        const store = await createStore({ table, world, foundDamage, ...(own === undefined ? {} : { limits: own }) });
        stores.push(store);
        return store;
      };
      const restart = async (own?: StoreOptions['limits']): Promise<Store> => {
        for (const store of stores) await store.close();
        return open(own);
      };
      try {
        await body({ store: await open(), world, damage, found, another: open, restart });
      } finally {
        for (const store of stores) await store.close();
        await tables.remove();
      }
    });
  };

  describe(`${name}: commits`, () => {
    fact('gives every write the next revision and stamps it into the object', async ({ store }) => {
      const first = await store.commit(create(pod('a')));
      const second = await store.commit(create(pod('b')));
      assert.deepEqual([first.revision, second.revision], [1, 2]);
      assert.equal(second.object.metadata.resourceVersion, '2');
      assert.deepEqual(store.view().get(podKey('b')), second);
      assert.equal(store.view().revision, 2);
    });

    fact('hands out frozen objects that the caller cannot change afterwards', async ({ store }) => {
      const mine = pod('a', { labels: { app: 'web' } });
      const { object } = await store.commit(create(mine));
      mine.metadata.labels!['app'] = 'other';
      assert.equal(store.view().get(podKey('a'))?.object.metadata.labels?.['app'], 'web');
      assert.throws(() => Object.assign(object.metadata, { name: 'b' }), TypeError);
    });

    fact('lets operations of one batch see each other', async ({ store }) => {
      const results = await Promise.allSettled(
        [create(pod('a')), create(pod('a')), remove(podKey('a')), create(pod('a'))].map((one) => store.commit(one)),
      );
      assert.deepEqual(
        results.map((result) => (result.status === 'fulfilled' ? result.value.revision : result.reason.constructor)),
        [1, Exists, 2, 3],
      );
    });

    fact('writes all of an operation or nothing', async ({ store }) => {
      const key = podKey('a');
      const twoWrites = store.commit({
        keys: [key, podKey('b')],
        decide: () => ({
          outcome: 'write',
          writes: [
            { type: 'create', key, object: pod('a') },
            { type: 'update', key: podKey('b'), object: pod('b') },
          ],
          answer: () => undefined,
        }),
      });
      await assert.rejects(twoWrites, { message: 'cannot update pods default/b: it is absent in the view that the decision was given' });
      assert.deepEqual(store.view().list('pods'), []);
      assert.equal((await store.commit(create(pod('c')))).revision, 1);
    });

    fact('writes nothing for an update that changes nothing', async ({ store }) => {
      const managed = (time: string) => ({
        ...pod('a'),
        metadata: { ...pod('a').metadata, managedFields: [{ manager: 'kubectl', time }] },
      });
      const created = await store.commit(create(managed('2026-01-01T00:00:00Z')));
      const updated = await store.commit(update(managed('2026-02-02T00:00:00Z')));
      assert.deepEqual(updated, created);
      assert.equal(store.view().revision, 1);
    });

    fact('answers without writing', async ({ store }) => {
      await store.commit(create(pod('a')));
      const count = await store.commit({
        keys: [],
        lists: ['pods'],
        decide: (view) => ({ outcome: 'answer', answer: view.list('pods').length }),
      });
      assert.equal(count, 1);
    });

    fact('gives a deletion a revision, and the last object to watchers', async ({ store }) => {
      await store.commit(create(pod('a', { labels: { app: 'web' } })));
      const deleted = await store.commit(remove(podKey('a')));
      assert.equal(deleted.revision, 2);
      assert.equal(deleted.object.metadata.resourceVersion, '2');
      assert.equal(store.view().get(podKey('a')), undefined);
      const [, change] = await store.changesAfter(0, 10);
      assert.deepEqual(
        [change?.type, change?.object.metadata.labels, change?.previous?.labels],
        ['deleted', { app: 'web' }, { app: 'web' }],
      );
    });

    fact('a change carries the labels and fields from before it', async ({ store, restart }) => {
      await store.commit(create(pod('a', { labels: { app: 'web' } })));
      await store.commit(update(pod('a', { labels: { app: 'api' } })));
      for (const reader of [store, await restart()]) {
        const [added, modified] = await reader.changesAfter(0, 10);
        assert.equal(added?.previous, undefined);
        assert.deepEqual(modified?.previous, {
          labels: { app: 'web' },
          fields: { 'metadata.name': 'a', 'metadata.namespace': 'default' },
        });
      }
    });

    fact('refuses an object that is too large', async ({ store }) => {
      await assert.rejects(store.commit(create(pod('a', { note: 'x'.repeat(3 * 1024 * 1024) }))), code('too-large-object'));
      assert.equal((await store.commit(create(pod('b')))).revision, 1);
    });

    fact('keeps large objects that do not compress', async ({ store, world, restart }) => {
      const note = Buffer.from(world.random.bytes(500_000)).toString('base64');
      await store.commit(create(pod('large', { note })));
      const reopened = await restart();
      assert.deepEqual(reopened.view().get(podKey('large'))?.object.spec, { note });
    });

    fact('splits a batch that is too large for one log entry', async ({ store, world, restart }) => {
      const notes = Array.from({ length: 12 }, () => Buffer.from(world.random.bytes(60_000)).toString('base64'));
      const stored = await Promise.all(notes.map((note, index) => store.commit(create(pod(`pod-${index}`, { note })))));
      assert.deepEqual(
        stored.map(({ revision }) => revision),
        notes.map((_, index) => index + 1),
      );
      assert.equal((await restart()).view().list('pods').length, 12);
    });
  });

  describe(`${name}: reads`, () => {
    fact('lists in key order, by namespace or all', async ({ store }) => {
      for (const [namespace, pods] of Object.entries({ b: ['z', 'a'], 'a-b': ['m'], a: ['y', 'x'] })) {
        for (const one of pods) await store.commit(create(pod(one, { namespace })));
      }
      assert.deepEqual(names(store.view().list('pods')), ['x', 'y', 'm', 'a', 'z']);
      assert.deepEqual(names(store.view().list('pods', 'a')), ['x', 'y']);
      assert.deepEqual(names(store.view().list('pods', 'none')), []);
      assert.deepEqual(store.view().list('services'), []);
    });

    fact('gives the same list again while nothing changes', async ({ store }) => {
      await store.commit(create(pod('a')));
      const before = store.view().list('pods');
      assert.equal(store.view().list('pods'), before);
    });

    fact('shows what another process wrote before a fresh read began', async ({ store, another }) => {
      const other = await another();
      await store.commit(create(pod('a')));
      assert.equal(other.view().revision, 0);
      assert.deepEqual(names((await other.fresh()).list('pods')), ['a']);
    });

    fact('waits for a revision, three seconds and no longer', async ({ store, another, world }) => {
      const other = await another();
      const waiting = other.notOlderThan(1);
      await store.commit(create(pod('a')));
      await world.advance(100);
      assert.equal((await waiting).revision, 1);
      const tooFar = assert.rejects(other.notOlderThan(99), code('too-large-revision'));
      await world.advance(3100);
      await tooFar;
    });

    fact('shows the snapshot as of any revision above the compact revision', async ({ store }) => {
      const model = new Map<string, number>();
      const snapshots: string[][] = [[]];
      const commits: Promise<unknown>[] = [];
      for (let revision = 1; revision <= 1500; revision += 1) {
        const name = `pod-${revision % 7}`;
        const isPresent = model.has(name);
        const isRemoval = isPresent && revision % 3 === 0;
        commits.push(store.commit(isRemoval ? remove(podKey(name)) : (isPresent ? update : create)(pod(name, { note: `${revision}` }))));
        if (isRemoval) model.delete(name);
        else model.set(name, revision);
        snapshots.push([...model].map(([key, at]) => `${key}@${at}`).toSorted());
      }
      await Promise.all(commits);
      for (let revision = 0; revision < snapshots.length; revision += 13) {
        const snapshot = await store.at(revision);
        assert.equal(snapshot.revision, revision);
        assert.deepEqual(snapshot.list('pods').map(describeStored), snapshots[revision]);
      }
    });

    fact(
      'shows the snapshot as of a revision that is only in the table',
      async ({ store }) => {
        for (let step = 0; step < 40; step += 1) await store.commit(create(pod(`pod-${String(step).padStart(2, '0')}`)));
        assert.equal((await store.at(3)).list('pods').length, 3);
        assert.equal((await store.at(17)).list('pods').length, 17);
      },
      { historyChangesMax: 10 },
    );

    fact('keeps a snapshot as it was', async ({ store }) => {
      await store.commit(create(pod('a')));
      const snapshot = await store.at(1);
      await store.commit(remove(podKey('a')));
      assert.deepEqual(names(snapshot.list('pods')), ['a']);
    });
  });

  describe(`${name}: history`, () => {
    fact('returns changes after a revision in order, each once', async ({ store }) => {
      for (const one of ['a', 'b', 'c']) await store.commit(create(pod(one)));
      assert.deepEqual((await store.changesAfter(1, 10)).map(summary), ['2 added default/b', '3 added default/c']);
      assert.deepEqual((await store.changesAfter(0, 2)).map(summary), ['1 added default/a', '2 added default/b']);
      assert.deepEqual(await store.changesAfter(3, 10), []);
    });

    fact(
      'reads from the table what is no longer in memory',
      async ({ store }) => {
        for (let step = 1; step <= 30; step += 1) await store.commit(create(pod(`pod-${step}`)));
        assert.deepEqual(
          (await store.changesAfter(0, 100)).map(({ revision }) => revision),
          Array.from({ length: 30 }, (_, index) => index + 1),
        );
        assert.deepEqual((await store.changesAfter(4, 2)).map(summary), ['5 added default/pod-5', '6 added default/pod-6']);
        const watch = follow(store, 2);
        await store.commit(create(pod('last')));
        await until(() => watch.changes().length === 29);
        assert.deepEqual(watch.changes().slice(0, 2), ['3 added default/pod-3', '4 added default/pod-4']);
        watch.stop();
      },
      { historyChangesMax: 10 },
    );

    fact('moves the compact revision to what was current a tick before, and answers compacted below it', async ({ store, world }) => {
      await store.commit(create(pod('a')));
      await store.housekeep();
      assert.equal(store.compactRevision(), 0);
      await compact(store, world);
      const compactRevision = store.compactRevision();
      assert.ok(compactRevision > 1 && compactRevision < store.view().revision, `${compactRevision}`);
      await assert.rejects(store.at(compactRevision - 1), code('compacted'));
      await assert.rejects(store.changesAfter(compactRevision - 1, 1), code('compacted'));
      await assert.rejects(follow(store, compactRevision - 1).ended, code('compacted'));
      assert.deepEqual(names((await store.at(compactRevision)).list('pods')).slice(0, 1), ['a']);
    });

    fact('shows what an object was before a change, also where a restarted process has not seen it', async ({ store, restart }) => {
      await store.commit(create(pod('a', { note: 'old' })));
      await store.commit(update(pod('a', { note: 'new' })));
      const reopened = await restart();
      for (const each of [store, reopened]) {
        const [added, modified] = await each.changesAfter(0, 2);
        if (added === undefined || modified === undefined) throw new Error('two changes were written');
        assert.equal(await each.before(added), undefined);
        assert.deepEqual((await each.before(modified))?.object, added.object);
      }
    });

    fact('does not move the compact revision while nothing happens', async ({ store, world }) => {
      await store.commit(create(pod('a')));
      for (let tick = 0; tick < 10; tick += 1) {
        await world.advance(10 * 60_000);
        await store.housekeep();
      }
      const { revision } = store.view();
      await world.advance(10 * 60_000);
      await store.housekeep();
      assert.equal(store.view().revision, revision);
    });

    fact('starts again from the checkpoint with the same state and later history', async ({ store, world, restart }) => {
      for (let step = 0; step < 20; step += 1) await store.commit(create(pod(`pod-${step}`)));
      await store.commit(remove(podKey('pod-3')));
      await compact(store, world);
      await world.advance(4 * 3_600_000);
      await store.housekeep();
      const { revision } = store.view();
      const compactRevision = store.compactRevision();
      const before = store.view().list('pods').map(plain);
      const history = (await store.changesAfter(compactRevision, 1000)).map(summary);
      const reopened = await restart();
      assert.equal(reopened.view().revision, revision);
      assert.equal(reopened.compactRevision(), compactRevision);
      assert.deepEqual(reopened.view().list('pods').map(plain), before);
      assert.deepEqual((await reopened.changesAfter(compactRevision, 1000)).map(summary), history);
      await assert.rejects(reopened.changesAfter(compactRevision - 1, 1), code('compacted'));
      assert.equal((await reopened.commit(create(pod('pod-3')))).revision, revision + 1);
    });

    fact('rebuilds a replica that slept while log entries were removed, and reports what it missed', async ({ store, another, world }) => {
      await store.commit(create(pod('gone')));
      await store.commit(create(pod('kept')));
      const sleeper = await another();
      const reported: string[] = [];
      sleeper.onApplied((_, changes) => reported.push(...changes.map(({ type, key }) => `${type} ${key.name}`)));
      await store.commit(remove(podKey('gone')));
      await store.commit(update(pod('kept', { note: 'new' })));
      await compact(store, world);
      await world.advance(4 * 3_600_000);
      await compact(store, world);
      assert.deepEqual((await sleeper.fresh()).list('pods').map(plain), store.view().list('pods').map(plain));
      assert.ok(reported.includes('deleted gone') && reported.includes('modified kept'), reported.join());
      assert.equal((await sleeper.commit(create(pod('new')))).revision, store.view().revision + 1);
    });
  });

  describe(`${name}: watches`, () => {
    fact('watches deliver every change after a revision once, in order, live', async ({ store, world }) => {
      await store.commit(create(pod('a')));
      await store.commit(create(pod('b')));
      const watch = follow(store, 1);
      await store.commit(remove(podKey('a')));
      await Promise.all(['c', 'd'].map((one) => store.commit(create(pod(one)))));
      await world.settle();
      assert.deepEqual(watch.changes(), ['2 added default/b', '3 deleted default/a', '4 added default/c', '5 added default/d']);
      assert.equal(watch.batches.at(-1)?.revision, 5);
      watch.stop();
      await watch.ended;
    });

    fact('watches see only their namespace', async ({ store, world }) => {
      const watch = follow(store, 0, { namespace: 'mine' });
      await store.commit(create(pod('a', { namespace: 'other' })));
      await store.commit(create(pod('b', { namespace: 'mine' })));
      await world.settle();
      assert.deepEqual(watch.changes(), ['2 added mine/b']);
      watch.stop();
    });

    fact('watches of another resource report progress once a second at most', async ({ store, world }) => {
      const watch = follow(store, 0, { resource: 'services' });
      await world.settle();
      for (let step = 0; step < 10; step += 1) {
        await store.commit(create(pod(`pod-${step}`)));
        await world.advance(300);
      }
      assert.deepEqual(watch.batches, [
        { revision: 4, changes: [] },
        { revision: 8, changes: [] },
      ]);
      await world.advance(60_000);
      assert.deepEqual(watch.batches.at(-1), { revision: 10, changes: [] });
      assert.equal(watch.batches.length, 3);
      watch.stop();
    });

    fact('watches go on after a restart from where they were', async ({ store, restart, world }) => {
      for (const one of ['a', 'b', 'c']) await store.commit(create(pod(one)));
      const reopened = await restart();
      const watch = follow(reopened, 1);
      await reopened.commit(create(pod('d')));
      await world.settle();
      assert.deepEqual(watch.changes(), ['2 added default/b', '3 added default/c', '4 added default/d']);
      watch.stop();
    });

    fact('watches end when they are aborted, and report nothing more', async ({ store, world }) => {
      const watch = follow(store, 0);
      await world.settle();
      watch.stop();
      await watch.ended;
      await store.commit(create(pod('a')));
      assert.deepEqual(watch.batches, []);
    });

    fact('watches refuse a revision that does not come', async ({ store, world }) => {
      const watch = assert.rejects(follow(store, 99).ended, code('too-large-revision'));
      await world.advance(3100);
      await watch;
    });

    fact('watches give a slow reader all in batches, until it falls below the compact revision', async ({ store, world }) => {
      const iterator = store.watch({ resource: 'pods', after: 0, signal: new AbortController().signal })[Symbol.asyncIterator]();
      await store.commit(create(pod('first')));
      assert.equal((await iterator.next()).value?.revision, 1);
      await Promise.all(Array.from({ length: 1500 }, (_, step) => store.commit(create(pod(`pod-${step}`)))));
      const sizes = [(await iterator.next()).value?.changes.length, (await iterator.next()).value?.changes.length];
      assert.deepEqual(sizes, [1000, 500]);
      await store.commit(create(pod('unread')));
      await compact(store, world);
      await compact(store, world);
      await assert.rejects(iterator.next(), code('compacted'));
    });

    fact('watches end when the store is closed', async ({ store, world }) => {
      const watch = follow(store, 0);
      await world.settle();
      await store.close();
      await watch.ended;
    });

    fact('watches see what other processes write when polling', async ({ store, another, world }) => {
      const other = await another({ pollMs: 200 });
      const watch = follow(other, 0);
      await store.commit(create(pod('a')));
      await world.advance(250);
      // The table may be elsewhere.
      await until(() => watch.changes().length > 0);
      assert.deepEqual(watch.changes(), ['1 added default/a']);
      watch.stop();
    });
  });

  describe(`${name}: several processes`, () => {
    fact('several processes decide at a fresh head before an error is an answer', async ({ store, another, world }) => {
      const other = await another();
      await store.commit(create(pod('a')));
      await assert.rejects(other.commit(create(pod('a'))), Exists);
      await store.commit(remove(podKey('a')));
      assert.equal((await other.commit(create(pod('a')))).revision, 3);
      await assert.rejects(store.commit(update(pod('a'), 1)), Conflict);
      await whileTimePasses(world, other.commit(remove(podKey('a'))));
      await assert.rejects(store.commit(update(pod('a'))), Missing);
    });

    fact('several processes that write agree on one order', async ({ store, another, world }) => {
      const other = await another();
      const writes = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? store : other).commit(create(pod(`pod-${index}`))));
      const revisions = (await whileTimePasses(world, Promise.all(writes))).map(({ revision }) => revision);
      assert.deepEqual(
        revisions.toSorted((a, b) => a - b),
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
      await store.fresh();
      await other.fresh();
      assert.deepEqual((await store.changesAfter(0, 100)).map(summary), (await other.changesAfter(0, 100)).map(summary));
    });
  });

  damageFacts(name, fact);
}

const describeStored = ({ key, revision }: { key: { name: string }; revision: number }): string => `${key.name}@${revision}`;

/** Lets the event loop turn until it is so: disks and engines take their time. */
async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!isSo() && performance.now() < endMs) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isSo(), 'it did not come to pass');
}
