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

/** Lets the writer work until it has acknowledged enough, kills it, and returns all it acknowledged: revision by name. */
async function acknowledgedBy(endpoint: string, name: string): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'dynamodb-writer.ts'), endpoint, tableName, name]);
  let output = '';
  writer.stderr.pipe(process.stderr);
  writer.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > acknowledgedEach) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  const lines = output.slice(0, output.lastIndexOf('\n')).split('\n');
  return new Map(lines.map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])]));
}

const missing = missingEngine('DynamoDB Local');

test('two processes on one table agree on one order, and lose nothing', missing === undefined ? {} : { skip: missing }, async () => {
  const engine = await startEngine('DynamoDB Local');
  try {
    await createTable(engine.endpoint, tableName);
    const both = await Promise.all(['one', 'two'].map((name) => acknowledgedBy(engine.endpoint, name)));
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
