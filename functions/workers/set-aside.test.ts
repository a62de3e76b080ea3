/** An object or a change that a controller cannot digest is shown, is counted, and keeps nothing else waiting. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { StoreClient } from '../../test/support/store-client.ts';
import { virtualWorld, type VirtualWorld } from '../../test/support/virtual-world.ts';
import type { ConfigMap } from '../kube/generated/types.ts';
import { configMaps } from '../kube/resource-type.ts';
import { createStore } from '../store/create-store.ts';
import { embeddedTable } from '../store/embedded/embedded-table.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import type { Change, Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import { createCache } from './cache.ts';
import { storedCursor } from './cursor.ts';
import { settled, watch, type Controller } from './controller.ts';
import { ringOnChanges } from './doorbell/ring-on-changes.ts';
import { runControllers } from './run.ts';
import { triesMax } from './set-aside.ts';

const poison = 'poison';
const refusePoison = (name: string | undefined): void => {
  if (name === poison) throw new TypeError('poison cannot be read');
};

const named = ({ metadata }: ConfigMap) => ({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' });

/** Files of their own for each test. */
const tables: Readonly<Record<string, (directory: string, world: VirtualWorld) => Table>> = {
  'the memory store': (_directory, { clock }) => memoryTable({ clock }),
  'the embedded store': (directory) => embeddedTable(directory),
};

for (const [storeName, open] of Object.entries(tables)) {
  describe(`on ${storeName}, what a controller cannot digest`, () => {
    let directory: string;
    let world: VirtualWorld;
    let store: Store;
    let client: StoreClient;
    let seen: string[];
    let events: string[];
    let counted: string[];

    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), 'hibernetes-set-aside-'));
      world = virtualWorld();
      store = await createStore({ table: open(directory, world), world, limits: { pollMs: 0 } });
      client = new StoreClient(store, world);
      [seen, events, counted] = [[], [], []];
    });
    afterEach(async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    });

    const controller = (parts: Partial<Controller>): Controller => ({
      name: 'test',
      actsAs: 'tester',
      watches: [watch<ConfigMap>(configMaps, ({ object }) => [named(object)])],
      all: (cache) => cache.list(configMaps).map((map) => named(map)),
      async reconcile({ name }) {
        seen.push(name);
        return settled;
      },
      ...parts,
    });
    const put = (name: string): Promise<ConfigMap> => client.create(configMaps, { metadata: { namespace: 'default', name } });
    const run = (controllers: readonly Controller[]) =>
      runControllers({
        store,
        controllers,
        clientFor: () => client,
        eventsFor: () => ({
          event: ({ metadata }, type, reason, message) => void events.push(`${type} ${reason} ${metadata.name}: ${message}`),
        }),
        cursor: storedCursor(store, 'test'),
        codeVersion: '1',
        world,
        countSetAside: (name) => counted.push(name),
      });

    test('an object that fails each time is shown after its tries, and the others are reconciled', async () => {
      const stubborn = controller({
        async reconcile({ name }) {
          seen.push(name);
          refusePoison(name);
          return settled;
        },
      });
      await put(poison);
      await put('a');
      // Runs end while it waits: the next one goes on counting.
      for (let runs = 1; runs <= triesMax && counted.length === 0; runs += 1) {
        const outcome = run([stubborn]);
        await world.advance(2000);
        assert.equal((await outcome).outcome, 'quiet');
        await world.advance(100_000);
      }
      assert.deepEqual([seen.filter((name) => name === poison).length, counted], [triesMax, ['test']]);
      assert.deepEqual(events, ['Warning SetAside poison: test cannot reconcile default/poison: poison cannot be read']);
      assert.equal(seen.filter((name) => name === 'a').length, 1);
      await put('b');
      await run([stubborn]);
      assert.equal(seen.at(-1), 'b');
      await client.update(configMaps, {
        ...(await client.get(configMaps, { namespace: 'default', name: poison })),
        data: { more: 'tries' },
      });
      await run([stubborn]);
      assert.equal(seen.at(-1), poison);
    });

    test('after a change on which a watch throws, later changes and other controllers go on', async () => {
      const blind = controller({
        watches: [
          watch<ConfigMap>(configMaps, ({ object }: Change<ConfigMap>) => {
            refusePoison(object.metadata?.name);
            return [named(object)];
          }),
        ],
      });
      const others: string[] = [];
      const other = controller({
        name: 'other',
        async reconcile({ name }) {
          others.push(name);
          return settled;
        },
      });
      await run([blind, other]);
      for (const name of ['a', poison, 'b']) await put(name);
      assert.equal((await run([blind, other])).outcome, 'quiet');
      assert.deepEqual(others.toSorted(), ['a', 'b', poison]);
      assert.deepEqual(new Set(seen), new Set(['a', 'b', poison]), 'everything is reconciled in its place');
      assert.deepEqual(
        [events, counted],
        [['Warning SetAside poison: test cannot read revision 3 of default/poison: poison cannot be read'], ['test']],
      );
      await run([blind, other]);
      assert.equal(events.length, 1, 'the next run begins behind it');
    });

    test('after a list of all objects that breaks off, other controllers go on', async () => {
      const broken = controller({
        all: () => {
          throw new TypeError('a list cannot be read');
        },
      });
      await put('a');
      assert.equal((await run([broken, controller({ name: 'other' })])).outcome, 'quiet');
      assert.deepEqual([seen, counted], [['a'], ['test']]);
    });

    test('rings for its run, and writers do not notice', async () => {
      const rings: string[] = [];
      const watches = [watch<ConfigMap>(configMaps, ({ object }) => (refusePoison(object.metadata?.name), []))];
      const doorbell = { ring: (group: string) => void rings.push(group), ringAfter: () => undefined };
      const silence = ringOnChanges({ store, cache: createCache(store), doorbell, group: 'controllers', controllers: [{ watches }] });
      await put('a');
      await put(poison);
      assert.deepEqual(rings, ['controllers']);
      silence();
    });
  });
}
