/** A process that migrates a store may end at any point; the next one goes on, and nothing that was acknowledged is lost. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Store } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { newFormats, oldFormats } from '../support/format-step.ts';
import { virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';
import { housekeepUntilSettled, noted, specs } from './formats.contract.ts';

/** The process's way to the table: from the n-th call on none comes back, and that one is carried out or not. */
function dyingWay(
  table: Table,
  lastCall: number,
  isCarriedOut: boolean,
): { readonly way: Table; isDead(): boolean; readonly death: Promise<void> } {
  let calls = 0;
  const { promise: death, resolve: die } = Promise.withResolvers<void>();
  const way = new Proxy(table, {
    get:
      (target, method: keyof Table) =>
      (...args: never[]) => {
        calls += 1;
        const call = (): unknown => (target[method] as (...all: never[]) => unknown).apply(target, args);
        if (calls < lastCall) return call();
        if (calls === lastCall) {
          die();
          if (isCarriedOut) void Promise.resolve(call()).catch(() => undefined);
        }
        return new Promise(() => undefined);
      },
  });
  return { way, isDead: () => calls >= lastCall, death };
}

const limits = { inlineBytesMax: 200 };
const large = Array.from({ length: 300 }, (_, index) => index * 7919).join();

async function fill(table: Table, world: VirtualWorld): Promise<void> {
  const old = await createStore({ table, world, formats: oldFormats, limits });
  for (const name of ['a', 'b']) await old.commit(noted(name, 'note', name));
  await old.commit(noted('large', 'note', large));
  await world.advance(10 * 60_000);
  await old.housekeep();
  await old.close();
}

/** What a process of the newer version does; `acknowledged` grows. */
async function migrate(table: Table, world: VirtualWorld, acknowledged: string[]): Promise<Store> {
  const store = await createStore({ table, world, formats: newFormats, limits });
  const write = async (name: string): Promise<void> => {
    if (store.view().get({ resource: 'pods', namespace: 'default', name }) !== undefined) return;
    await store.commit(noted(name, 'remark', name));
    acknowledged.push(name);
  };
  await write('before');
  await store.finalizeFormat();
  await write('between');
  await store.housekeep();
  await write('after');
  await housekeepUntilSettled(store, world);
  return store;
}

for (const isCarriedOut of [false, true]) {
  test(`a migration goes on after a death at any call of the table, which was ${isCarriedOut ? '' : 'not '}carried out`, async () => {
    for (let lastCall = 1; ; lastCall += 1) {
      assert.ok(lastCall < 500, 'it does not come to an end');
      const world = virtualWorld(lastCall, Date.UTC(2100, 0, 1));
      const table = memoryTable({ clock: world.clock });
      await fill(table, world);
      const { way, isDead, death } = dyingWay(table, lastCall, isCarriedOut);
      const acknowledged: string[] = [];
      await Promise.race([migrate(way, world, acknowledged), death]);
      const next = await migrate(table, world, []);
      const all = Object.fromEntries(['a', 'after', 'b', 'before', 'between'].map((name) => [name, { remark: name }]));
      assert.deepEqual(specs(next), { ...all, large: { remark: large } }, `call ${lastCall}`);
      for (const name of acknowledged) assert.ok(Object.hasOwn(all, name));
      assert.deepEqual(next.format(), { writes: 4, oldest: 4, needs: '9.9.0', newest: 4, objectsLeft: 0 });
      const cold = await createStore({ table, world, formats: newFormats });
      assert.deepEqual(specs(cold), specs(next));
      if (!isDead()) return assert.ok(lastCall > 20, `${lastCall} calls`);
    }
  });
}

/** Lets it run until it has printed so many lines, kills it, and returns what it printed. */
async function linesBeforeKill(directory: string, run: string, count: number): Promise<string[]> {
  const migrator = spawn(process.execPath, [join(import.meta.dirname, 'format-migrator.ts'), directory, run]);
  let output = '';
  migrator.stderr.pipe(process.stderr);
  migrator.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > count) migrator.kill('SIGKILL');
  });
  await once(migrator, 'close');
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}

test('a data directory is migrated by processes that are killed one after the other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'formats-killed-'));
  try {
    const world = virtualWorld();
    const old = await createStore({
      table: embeddedTable(directory, { formats: oldFormats, segmentEntries: 64 }),
      world,
      formats: oldFormats,
      limits,
    });
    await Promise.all(Array.from({ length: 300 }, (_, index) => old.commit(noted(`old-${index}`, 'note', `${index}`))));
    await old.close();
    const lines: string[] = [];
    for (const [run, count] of [1, 1, 2, 3, Number.POSITIVE_INFINITY].entries())
      lines.push(...(await linesBeforeKill(directory, `${run}`, count)));
    assert.equal(lines.at(-1), 'settled');
    const store = await createStore({
      table: embeddedTable(directory, { formats: newFormats, segmentEntries: 64 }),
      world,
      formats: newFormats,
    });
    const found = specs(store);
    for (let index = 0; index < 300; index += 1) assert.deepEqual(found[`old-${index}`], { remark: `${index}` });
    for (const [, name = '', step] of lines.map((line) => /^(pod-\d+-(\d+)) /.exec(line) ?? []))
      assert.ok(name === '' || step === (found[name] as { remark: string }).remark, name);
    assert.deepEqual(store.format(), { writes: 4, oldest: 4, needs: '9.9.0', newest: 4, objectsLeft: 0 });
    await store.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
