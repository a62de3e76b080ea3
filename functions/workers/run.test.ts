import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreClient } from '../../test/support/store-client.ts';
import type { VirtualWorld } from '../../test/support/virtual-world.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { ConfigMap } from '../kube/generated/types.ts';
import { configMaps, secrets } from '../kube/resource-type.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import type { Store } from '../store/store.ts';
import { storedCursor, TakenOver } from './cursor.ts';
import type { Controller } from './controller.ts';
import { again, settled, Terminal, watch } from './controller.ts';
import type { RunOptions } from './run.ts';
import { runControllers } from './run.ts';

interface Setup {
  readonly world: VirtualWorld;
  readonly store: Store;
  readonly client: StoreClient;
  /** What was reconciled since the last call. */
  seen(): string[];
  put(name: string): Promise<unknown>;
  run(options?: Partial<RunOptions>): ReturnType<typeof runControllers>;
}

type Reconcile = Controller['reconcile'];

async function setup(reconcile: Reconcile = async () => settled, extra: Partial<Controller> = {}): Promise<Setup> {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const client = new StoreClient(store, world);
  let seen: string[] = [];
  const controller: Controller = {
    name: 'test',
    actsAs: 'tester',
    watches: [watch<ConfigMap>(configMaps, ({ key }) => [{ namespace: key.namespace, name: key.name }])],
    all: (cache) => cache.list(configMaps).map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' })),
    reconcile(request, context, note) {
      seen.push(request.name);
      return reconcile(request, context, note);
    },
    ...extra,
  };
  const cursor = storedCursor(store, 'test');
  return {
    world,
    store,
    client,
    seen() {
      const result = seen;
      seen = [];
      return result;
    },
    put: (name) => client.create(configMaps, { metadata: { namespace: 'default', name } }),
    run: (options = {}) =>
      runControllers({
        store,
        controllers: [controller],
        clientFor: () => client,
        eventsFor: () => ({ event: () => undefined }),
        cursor,
        codeVersion: '1',
        world,
        ...options,
      }),
  };
}

describe('a run', () => {
  test('a run reconciles everything at first, and then only what changed', async () => {
    const { run, put, seen } = await setup();
    await put('a');
    await put('b');
    assert.deepEqual(await run(), { outcome: 'quiet' });
    assert.deepEqual(seen(), ['a', 'b']);
    await put('c');
    await run();
    assert.deepEqual(seen(), ['c']);
  });

  test('a run does and writes nothing when nothing changed', async () => {
    const { run, put, seen, store } = await setup();
    await put('a');
    await run();
    seen();
    const { revision } = store.view();
    await run();
    assert.deepEqual([seen(), store.view().revision], [[], revision]);
  });

  test('a run reconciles everything with another version of the code', async () => {
    const { run, put, seen } = await setup();
    await put('a');
    await run();
    await run({ codeVersion: '2' });
    assert.deepEqual(seen(), ['a', 'a']);
  });

  test('a run takes in what is written meanwhile', async () => {
    const { run, put, seen } = await setup(async ({ name }, { client }) => {
      if (name.length < 3) await client.create(configMaps, { metadata: { namespace: 'default', name: `${name}x` } });
      return settled;
    });
    await put('a');
    assert.deepEqual(await run(), { outcome: 'quiet' });
    assert.deepEqual(seen(), ['a', 'ax', 'axx']);
  });

  test('a run retries what failed, and keeps the rest going', async () => {
    let failures = 3;
    const { run, put, seen, world } = await setup(async ({ name }) => {
      if (name === 'a' && failures-- > 0) throw new Error('not yet');
      return settled;
    });
    await put('a');
    await put('b');
    const outcome = run();
    await world.advance(100);
    assert.deepEqual(await outcome, { outcome: 'quiet' });
    assert.deepEqual(seen(), ['a', 'b', 'a', 'a', 'a']);
  });

  test('a run does not retry what cannot succeed', async () => {
    const { run, put, seen, world } = await setup(async () => {
      throw new Terminal('never');
    });
    await put('a');
    assert.deepEqual(await run(), { outcome: 'quiet' });
    assert.deepEqual(seen(), ['a']);
    assert.deepEqual(
      world.lines.map(({ message }) => message),
      ['reconcile cannot succeed'],
    );
  });

  test('a run hands a deadline to the next run, in another process too', async () => {
    const { run, put, seen, world, store } = await setup(async () => again(60));
    await put('a');
    const nextDeadlineMs = world.clock.now() + 60_000;
    assert.deepEqual(await run(), { outcome: 'quiet', nextDeadlineMs });
    await world.advance(59_000 - 1);
    await run({ cursor: storedCursor(store, 'test') });
    assert.deepEqual(seen(), ['a']);
    await world.advance(1001);
    await run({ cursor: storedCursor(store, 'test') });
    assert.deepEqual(seen(), ['a']);
  });

  test('a run hands a note to the next reconcile, in another process too', async () => {
    const notes: unknown[] = [];
    const { run, put, world, store } = await setup(async (_request, { clock }, note) => {
      notes.push(note);
      return again(60, note ?? { sinceMs: clock.now() });
    });
    await put('a');
    const sinceMs = world.clock.now();
    for (let check = 0; check < 3; check += 1) {
      await run({ cursor: storedCursor(store, 'test') });
      await world.advance(60_000);
    }
    assert.deepEqual(notes, [undefined, { sinceMs }, { sinceMs }]);
  });

  test('a run writes nothing when a reconcile that was due found nothing new', async () => {
    const { run, put, seen, world, store } = await setup(async () => again(60));
    await put('a');
    await run();
    const { revision } = store.view();
    for (const looks of [1, 2]) {
      await world.advance(60_000);
      const nextDeadlineMs = world.clock.now() + 60_000;
      assert.deepEqual([looks, await run()], [looks, { outcome: 'quiet', nextDeadlineMs }]);
    }
    assert.deepEqual([seen(), store.view().revision], [['a', 'a', 'a'], revision]);
  });

  test('a run saves what a change made it do, so that it is done once', async () => {
    const { run, put, seen, client } = await setup();
    await put('a');
    await run();
    await client.patch(configMaps, { namespace: 'default', name: 'a' }, { data: { color: 'blue' } });
    await run();
    await run();
    assert.deepEqual(seen(), ['a', 'a']);
  });

  test('a run is not left behind the compact revision by changes that concern no controller', async () => {
    const { run, put, seen, world, store, client } = await setup(async () => again(60));
    await put('a');
    for (let minute = 0; minute < 30; minute += 1) {
      await client.create(secrets, { metadata: { namespace: 'default', name: `${minute}` } });
      await store.housekeep();
      await run({ cursor: storedCursor(store, 'test') });
      await world.advance(60_000);
    }
    assert.equal(seen().length, 30);
    // Housekeeping marks the log now and then.
    for (let minute = 0; minute < 30; minute += 1) {
      await store.housekeep();
      await run({ cursor: storedCursor(store, 'test') });
      await world.advance(60_000);
    }
    const { resyncedAtMs } = (await storedCursor(store, 'test').load())?.controllers['test'] ?? {};
    assert.equal(resyncedAtMs, Date.UTC(2026, 0, 1));
  });

  test('a run does not wait for ever for what it cannot finish, and leaves it to the next one', async () => {
    let hangs = true;
    const { run, put, seen, world } = await setup(async ({ name }) => {
      if (name === 'b' && hangs) await new Promise(() => undefined);
      return settled;
    });
    for (const name of ['a', 'b']) await put(name);
    const first = run();
    await world.advance(54_999);
    const isOver = Promise.race([first.then(() => true), Promise.resolve(false)]);
    assert.equal(await isOver, false);
    await world.advance(1);
    assert.deepEqual(await first, { outcome: 'more' });
    assert.equal(world.lines.at(-1)?.message, 'reconciles were cut off');
    hangs = false;
    assert.deepEqual([seen(), await run(), seen()], [['a', 'b'], { outcome: 'quiet' }, ['b']]);
  });

  test('a run that is cut before it could save is held again, from the same point', async () => {
    const { run, put, seen, store } = await setup();
    await put('a');
    await run();
    await put('b');
    const saved = storedCursor(store, 'test');
    const save = (): Promise<void> => Promise.reject(new Error('killed'));
    await assert.rejects(run({ cursor: { load: saved.load, save } }), new Error('killed'));
    await run();
    assert.deepEqual(seen(), ['a', 'b', 'b']);
  });

  test('a run ends at its deadline with the work that is left', async () => {
    const { run, put, seen, world } = await setup(
      async (_request, { clock }) => {
        await clock.sleep(100);
        return settled;
      },
      { concurrency: 1 },
    );
    for (const name of ['a', 'b', 'c']) await put(name);
    const first = run({ limits: { runMsMax: 150 } });
    await world.advance(1000);
    assert.deepEqual(await first, { outcome: 'more' });
    assert.deepEqual(seen(), ['a', 'b']);
    const second = run();
    await world.advance(1000);
    assert.deepEqual(await second, { outcome: 'quiet' });
    assert.deepEqual(seen(), ['c']);
  });

  test('a run ends when a controller never settles', async () => {
    const { run, put, world } = await setup(async (_request, { client, random }) => {
      await client.patch(configMaps, { namespace: 'default', name: 'a' }, { data: { drawn: `${random.next()}` } });
      return settled;
    });
    await put('a');
    assert.deepEqual(await run({ limits: { reconcilesMax: 50 } }), { outcome: 'more' });
    assert.equal(world.lines.at(-1)?.message, 'controllers do not settle');
  });

  test('a run reconciles everything again when its resync is due', async () => {
    const { run, put, seen, world } = await setup(async () => settled, { resyncSeconds: 600 });
    await put('a');
    assert.deepEqual(await run(), { outcome: 'quiet', nextDeadlineMs: world.clock.now() + 600_000 });
    await world.advance(600_000);
    await run();
    assert.deepEqual(seen(), ['a', 'a']);
  });

  test('a run never reconciles one object twice at once, and no more objects than allowed', async () => {
    let running = 0;
    let most = 0;
    const { run, put, world, client } = await setup(
      async (_request, { clock }) => {
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(10);
        running -= 1;
        return settled;
      },
      { concurrency: 3 },
    );
    for (let index = 0; index < 10; index += 1) await put(`${index}`);
    const outcome = run();
    await world.settle();
    await client.patch(configMaps, { namespace: 'default', name: '0' }, { data: {} });
    await world.advance(1000);
    assert.deepEqual(await outcome, { outcome: 'quiet' });
    assert.equal(most, 3);
  });
});

test('a process whose group was taken over cannot save its cursor', async () => {
  const { store } = await setup();
  const cursor = { codeVersion: '1', revision: 0, controllers: {} };
  const [first, second] = [storedCursor(store, 'g'), storedCursor(store, 'g')];
  await first.load();
  await first.save(cursor);
  await second.load();
  await second.save(cursor);
  await assert.rejects(first.save(cursor), new TakenOver('epoch 0 of group g is over'));
  assert.deepEqual(await first.load(), cursor);
  await first.save(cursor);
});

test('a cursor is stored under the name of the first version', async () => {
  const { store } = await setup();
  const cursor = { codeVersion: '1', revision: 0, controllers: {} };
  const saved = storedCursor(store, 'g');
  await saved.load();
  await saved.save(cursor);
  const stored = store.view().get({ resource: 'checkpoints.hibernetes.dev', namespace: '', name: 'g' })?.object;
  assert.deepEqual((stored as { checkpoint?: unknown } | undefined)?.checkpoint, cursor);
});
