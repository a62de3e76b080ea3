/** Two processes write to one table at once, and are killed; the log must hold all they acknowledged, in one order. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { realWorld } from '../../functions/world.ts';
import { podKey } from '../contract/cluster.ts';
import { createTable, missingEngine, openTable, startEngine } from '../support/dynamodb-engine.ts';

const tableName = 'two-processes';
const acknowledgedEach = 400;

interface Writer {
  readonly ready: Promise<void>;
  start(): void;
  /** Resolves when it has acknowledged as much as is asked of each. */
  readonly enough: Promise<void>;
  /** Kills it, and returns all it acknowledged: revision by name. */
  kill(): Promise<ReadonlyMap<string, number>>;
}

function startWriter(endpoint: string, name: string): Writer {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'dynamodb-writer.ts'), endpoint, tableName, name]);
  const [ready, enough] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const closed = once(writer, 'close');
  void closed.then(() => {
    for (const waiting of [ready, enough]) waiting.reject(new Error(`the writer ${name} ended by itself`));
  });
  // What was resolved before stays so, and a rejection that nothing waits for is none.
  for (const { promise } of [ready, enough]) promise.catch(() => undefined);
  let output = '';
  writer.stderr.pipe(process.stderr);
  writer.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.startsWith('ready\n')) ready.resolve();
    if (output.split('\n').length > acknowledgedEach + 1) enough.resolve();
  });
  return {
    ready: ready.promise,
    start: () => void writer.stdin.end(),
    enough: enough.promise,
    async kill() {
      writer.kill('SIGKILL');
      await closed;
      const [, ...lines] = output.slice(0, output.lastIndexOf('\n')).split('\n');
      return new Map(lines.map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])]));
    },
  };
}

/** They begin together, and each goes on until both have acknowledged enough. */
async function acknowledgedByBoth(endpoint: string): Promise<readonly ReadonlyMap<string, number>[]> {
  const writers = ['one', 'two'].map((name) => startWriter(endpoint, name));
  await Promise.all(writers.map(({ ready }) => ready));
  for (const writer of writers) writer.start();
  await Promise.all(writers.map(({ enough }) => enough));
  return Promise.all(writers.map((writer) => writer.kill()));
}

const missing = missingEngine('DynamoDB Local');

test('two processes on one table agree on one order, and lose nothing', missing === undefined ? {} : { skip: missing }, async () => {
  const engine = await startEngine('DynamoDB Local');
  try {
    await createTable(engine.endpoint, tableName);
    const both = await acknowledgedByBoth(engine.endpoint);
    const table = openTable(engine.endpoint, tableName, 'shared');
    const store = await createStore({ table, world: realWorld('error') });
    const changes = await store.changesAfter(0, Number.POSITIVE_INFINITY);
    assert.deepEqual(
      changes.map(({ revision }) => revision),
      changes.map((_, index) => index + 1),
    );
    assert.equal(new Set(changes.map(({ key }) => key.name)).size, changes.length);
    for (const acknowledged of both) {
      assert.ok(acknowledged.size >= acknowledgedEach);
      for (const [name, revision] of acknowledged) assert.equal(store.view().get(podKey(name))?.revision, revision);
    }
    // They took turns: neither waited for the other to end.
    const [one, two] = both.map((acknowledged) => [...acknowledged.values()]);
    assert.ok(Math.max(...one!) > Math.min(...two!) && Math.max(...two!) > Math.min(...one!));
    await store.close();
  } finally {
    await engine.stop();
  }
});
