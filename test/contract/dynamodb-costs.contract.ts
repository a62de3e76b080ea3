/** What each operation costs on DynamoDB: calls and capacity units, exactly. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { noCost, readUnitsOf, sumOf, type Cost } from '../../functions/store/dynamodb/costs.ts';
import type { DynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import type { StoreLimits } from '../../functions/store/limits.ts';
import type { Store } from '../../functions/store/store.ts';
import { createTable, missingEngine, openTable, startEngine, type DynamodbEngine, type EngineName } from '../support/dynamodb-engine.ts';
import { seededRandom, virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';
import { create, follow, pod, remove, podKey, update } from './cluster.ts';

const tableName = 'costs';

interface Opened {
  readonly store: Store;
  readonly table: DynamodbTable;
}

interface Given extends Opened {
  readonly world: VirtualWorld;
  another(limits?: Partial<StoreLimits>): Promise<Opened>;
}

/** `operation calls/write units/read units`, by operation. */
function bill(table: DynamodbTable): readonly string[] {
  const costs = [...table.costs.take()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return costs.map(([operation, { calls, writeUnits, readUnits }]) => `${operation} ${calls}/${writeUnits}/${readUnits}`);
}

const creates = (store: Store, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, index) => store.commit(create(pod(`pod-${index}`, { note: `note of pod ${index}` })))));

/** Does the housekeeping until all that was there at the start lies below the compact revision, in object items. */
async function checkpointAll({ store, world }: Given): Promise<void> {
  for (let tick = 0; tick < 3; tick += 1) {
    await store.housekeep();
    await world.advance(5 * 60_000);
    await store.commit(create(pod(`tick-${tick}`)));
  }
  await store.housekeep();
}

/** A text that does not compress. */
const noise = (bytes: number, seed: number): string => Buffer.from(seededRandom(seed).bytes(bytes)).toString('base64');

async function until(isSo: () => boolean): Promise<void> {
  const turnsMax = 100_000;
  for (let turn = 0; turn < turnsMax && !isSo(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isSo(), 'it did not come to pass');
}

export function dynamodbCosts(name: EngineName): void {
  const missing = missingEngine(name);
  if (missing !== undefined) return void test(`what operations cost on ${name}`, { skip: missing }, () => undefined);
  describe(`${name}: what it costs`, () => {
    let engine: DynamodbEngine;
    let clusters = 0;
    before(async () => {
      engine = await startEngine(name);
      await createTable(engine.endpoint, tableName);
    });
    after(() => engine.stop());

    const fact = (title: string, body: (given: Given) => Promise<void>): void => {
      test(title, async () => {
        const world = virtualWorld(1, engine.startedMs);
        clusters += 1;
        const cluster = `cluster-${clusters}`;
        const opened: Store[] = [];
        const another = async (limits: Partial<StoreLimits> = {}): Promise<Opened> => {
          const table = openTable(engine.endpoint, tableName, cluster);
          const store = await createStore({ table, world, limits });
          opened.push(store);
          table.costs.take();
          return { store, table };
        };
        try {
          await body({ ...(await another()), world, another });
        } finally {
          for (const store of opened) await store.close();
        }
      });
    };

    fact('a create, an update and a delete: one call, one write unit each', async ({ store, table }) => {
      await store.commit(create(pod('a')));
      assert.deepEqual(bill(table), ['appendEntry 1/1/0']);
      await store.commit(update(pod('a', { note: 'new' })));
      assert.deepEqual(bill(table), ['appendEntry 1/1/0']);
      await store.commit(remove(podKey('a')));
      assert.deepEqual(bill(table), ['appendEntry 1/1/0']);
    });

    fact('a large create: a unit for each kilobyte', async ({ store, table }) => {
      await store.commit(create(pod('a', { note: noise(4500, 1) })));
      const cost = sumOf(table.costs.take().values());
      assert.equal(cost.calls, 1);
      assert.equal(cost.writeUnits, Math.ceil(cost.bytesOut / 1024));
      assert.ok(cost.writeUnits > 3);
    });

    fact('an update that changes nothing: one read of the head', async ({ store, table }) => {
      await store.commit(create(pod('a')));
      bill(table);
      await store.commit(update(pod('a')));
      assert.deepEqual(bill(table), ['readEntries 1/0/1']);
    });

    fact('a consistent get: one read of the head; a get from memory: nothing', async ({ store, table }) => {
      await store.commit(create(pod('a')));
      bill(table);
      (await store.fresh()).get(podKey('a'));
      assert.deepEqual(bill(table), ['readEntries 1/0/1']);
      store.view().get(podKey('a'));
      assert.deepEqual(bill(table), []);
    });

    fact('64 consistent gets at once: two reads of the head', async ({ store, table }) => {
      await Promise.all(Array.from({ length: 64 }, () => store.fresh()));
      assert.deepEqual(bill(table), ['readEntries 2/0/2']);
    });

    fact('64 creates at once: one call', async ({ store, table }) => {
      await creates(store, 64);
      const cost = sumOf(table.costs.take().values());
      assert.equal(cost.calls, 1);
      assert.equal(cost.writeUnits, Math.ceil(cost.bytesOut / 1024));
    });

    fact('a thousand creates, 64 in flight: a call for each 32 at most', async ({ store, table }) => {
      let next = 0;
      const writer = async (): Promise<void> => {
        for (next += 1; next <= 1000; next += 1) await store.commit(create(pod(`pod-${next}`)));
      };
      await Promise.all(Array.from({ length: 64 }, writer));
      const { calls } = sumOf(table.costs.take().values());
      assert.ok(calls <= 1000 / 32, `${calls}`);
    });

    fact('a watch event in another process: its log entry is read once', async ({ store, another }) => {
      const other = await another();
      const watch = follow(other.store, 0);
      await store.commit(create(pod('a')));
      await other.store.fresh();
      await until(() => watch.changes().length === 1);
      assert.deepEqual(bill(other.table), ['readEntries 1/0/1']);
      watch.stop();
    });

    fact('an idle second of a process that polls each second: one read unit', async ({ another, world }) => {
      const { table } = await another({ pollMs: 1000 });
      await world.advance(1000);
      let cost: Cost | undefined;
      await until(() => {
        cost = [...table.costs.take().values()][0] ?? cost;
        return cost !== undefined;
      });
      assert.deepEqual(cost, { calls: 1, bytesOut: 0, bytesIn: 0, writeUnits: 0, readUnits: 1 });
    });

    /** A first read in a process that starts now: what it finds, and its calls. */
    const coldRead = async ({ world }: Given): Promise<{ readonly pods: number; readonly costs: ReadonlyMap<string, Cost> }> => {
      const table = openTable(engine.endpoint, tableName, `cluster-${clusters}`);
      const store = await createStore({ table, world });
      const pods = store.view().list('pods').length;
      const costs = table.costs.take();
      await store.close();
      return { pods, costs };
    };
    const callsOf = (costs: ReadonlyMap<string, Cost>): readonly string[] =>
      [...costs].map(([operation, { calls }]) => `${operation} ${calls}`);

    fact('a first read in an empty cluster: three calls', async (given) => {
      const { costs } = await coldRead(given);
      assert.deepEqual(callsOf(costs), ['readMeta 1', 'readObjects 1', 'readEntries 1']);
      assert.equal(sumOf(costs.values()).readUnits, 3);
    });

    fact('a first read among hundreds of objects: three calls, and the bytes of their items by 4 KB', async (given) => {
      await creates(given.store, 500);
      await checkpointAll(given);
      const { pods, costs } = await coldRead(given);
      assert.equal(pods, 503);
      assert.deepEqual(callsOf(costs), ['readMeta 1', 'readObjects 1', 'readEntries 1']);
      const { bytesIn, readUnits } = costs.get('readObjects') ?? noCost;
      assert.equal(readUnits, readUnitsOf(bytesIn));
      assert.ok(bytesIn > 50_000);
      // Warm, the same list is one read of the head.
      bill(given.table);
      assert.equal((await given.store.fresh()).list('pods').length, 503);
      assert.deepEqual(bill(given.table), ['readEntries 1/0/1']);
    });

    fact('a first read of megabytes of objects: a call for each megabyte, nearly, side by side after the first', async (given) => {
      const { store } = given;
      const atOnce = 100;
      for (let first = 0; first < 600; first += atOnce) {
        const notes = Array.from({ length: atOnce }, (_, index) => ({ name: `pod-${first + index}`, note: noise(7500, first + index) }));
        await Promise.all(notes.map(({ name: of, note }) => store.commit(create(pod(of, { note })))));
      }
      await checkpointAll(given);
      const { pods, costs } = await coldRead(given);
      assert.equal(pods, 603);
      const { bytesIn, readUnits, calls } = costs.get('readObjects') ?? noCost;
      assert.deepEqual(callsOf(new Map([...costs].filter(([operation]) => operation !== 'readObjects'))), ['readMeta 1', 'readEntries 1']);
      const pages = bytesIn / 1024 ** 2;
      assert.ok(calls > 1 && calls <= Math.ceil(pages * 1.5) + 1, `${calls} calls for ${pages} MB`);
      assert.ok(readUnits < readUnitsOf(bytesIn) + calls);
    });

    fact('writing a checkpoint: one unit for each object, however often it changed', async (given) => {
      const { store, table } = given;
      await store.commit(create(pod('a')));
      for (let change = 0; change < 5; change += 1) await store.commit(update(pod('a', { note: `${change}` })));
      await checkpointAll(given);
      const costs = table.costs.take();
      const { calls, writeUnits } = costs.get('putObjects') ?? {};
      // The object, and the two ticks that the compact revision has passed.
      assert.deepEqual([calls, writeUnits], [3, 3]);
    });
  });
}
