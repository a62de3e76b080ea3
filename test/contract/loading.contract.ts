/** A store that begins with the objects of another one; for every table. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { fixedKeyRing } from '../../functions/store/seal.ts';
import { formatsWithoutKeys, sealedFormats, type Formats } from '../../functions/store/format.ts';
import { loadObjects, type LoadedObject } from '../../functions/store/load-objects.ts';
import { StoreError, type Store } from '../../functions/store/store.ts';
import { virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';
import { create, follow, pod, podKey } from './cluster.ts';
import { housekeepUntilSettled, type FormatPlace } from './formats.contract.ts';

/** No table takes a time to live of then for over. */
const startMs = Date.UTC(2100, 0, 1);
const formats = sealedFormats(fixedKeyRing([Buffer.alloc(32, 7)]));
/** The other store's, when the objects were read. */
const revision = 90;

function loaded(resource: string, name: string, at: number, fields: object = {}): LoadedObject {
  const metadata = { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: `${at}` };
  return { key: { resource, namespace: 'default', name }, revision: at, json: JSON.stringify({ metadata, ...fields }) };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const isUsed = (error: unknown): boolean => error instanceof StoreError && /holds a cluster already/.test(error.message);

export function loadingContract(name: string, place: () => FormatPlace): void {
  interface Given {
    readonly world: VirtualWorld;
    load(objects: readonly LoadedObject[], hasKeys?: boolean): Promise<number>;
    open(): Promise<Store>;
  }

  const fact = (title: string, body: (given: Given) => Promise<void>): void => {
    test(title, async () => {
      const tables = place();
      const world = virtualWorld(1, startMs);
      const stores: Store[] = [];
      const load = async (objects: readonly LoadedObject[], hasKeys = true): Promise<number> => {
        const own: Formats = hasKeys ? formats : formatsWithoutKeys;
        return loadObjects({ table: tables.open(own), formats: own, ...world }, { revision, hasKeys }, each(objects));
      };
      const open = async (): Promise<Store> => {
        const store = await createStore({ table: tables.open(formats), world, formats });
        stores.push(store);
        return store;
      };
      try {
        await body({ world, load, open });
      } finally {
        for (const store of stores) await store.close();
        await tables.remove();
      }
    });
  };

  describe(`${name}: loads objects`, () => {
    fact('loads objects with the revisions that they had', async ({ load, open }) => {
      const count = await load([loaded('pods', 'a', 17), loaded('pods', 'b', 90), loaded('configmaps', 'c', 3, { data: { x: 'y' } })]);
      const store = await open();
      assert.equal(count, 3);
      assert.deepEqual(
        store
          .view()
          .list('pods')
          .map((stored) => [stored.key.name, stored.revision, stored.object.metadata.resourceVersion]),
        [
          ['a', 17, '17'],
          ['b', 90, '90'],
        ],
      );
    });

    fact('a loaded store goes on beyond all revisions that a client can have seen', async ({ load, open }) => {
      await load([loaded('pods', 'a', 17)]);
      const store = await open();
      const compactRevision = store.compactRevision();
      assert.ok(compactRevision > revision, `${compactRevision}`);
      await assert.rejects(store.at(revision), (error) => error instanceof StoreError && error.code === 'compacted');
      const stored = await store.commit(create(pod('new')));
      assert.equal(stored.revision, compactRevision + 1);
      const watch = follow(store, compactRevision);
      await store.commit(create(pod('newer')));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(watch.changes().length, 2);
      watch.stop();
      const another = await open();
      assert.deepEqual(
        another
          .view()
          .list('pods')
          .map(({ key }) => key.name),
        ['a', 'new', 'newer'],
      );
    });

    fact('loads objects that are too large for their items', async ({ load, open }) => {
      const text = Array.from({ length: 60_000 }, (_, index) => Math.sin(index).toString(36)).join('');
      await load([loaded('configmaps', 'large', 5, { data: { text } })]);
      const store = await open();
      const [stored] = store.view().list('configmaps');
      assert.deepEqual((stored!.object as { data?: unknown }).data, { text });
    });

    fact('loads no objects into a store that holds something', async ({ load, open }) => {
      const store = await open();
      await store.commit(create(pod('mine')));
      await assert.rejects(load([loaded('pods', 'a', 17)]), isUsed);
      assert.equal(store.view().get(podKey('a')), undefined);
    });

    fact('loads objects once', async ({ load }) => {
      await load([loaded('pods', 'a', 17)]);
      await assert.rejects(load([loaded('pods', 'a', 18)]), isUsed);
    });

    fact('loads objects whose Secrets are sealed later, where the keys are not at hand', async ({ load, open, world }) => {
      await load([loaded('secrets', 's', 5, { data: { password: 'eA==' } })], false);
      const store = await open();
      assert.equal(store.format().objectsLeft, 1);
      await housekeepUntilSettled(store, world);
      assert.equal(store.format().objectsLeft, 0);
      const [stored] = store.view().list('secrets');
      assert.deepEqual((stored!.object as { data?: unknown }).data, { password: 'eA==' });
    });
  });
}
