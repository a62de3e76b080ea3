/**
 * Writes golden data in the format of the version it is run from, into a folder named after that format:
 * `node test/golden/write.ts`. Run it once for each format, before the next one; what was written never changes.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterRecords } from '../../functions/store/dynamodb/cluster-records.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { createTable, openTable, settingsFor, startEngine } from '../support/dynamodb-engine.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { fillGolden, goldenStartMs } from './content.ts';
import { everythingIn } from './everything.ts';
import { dumpTable, goldenDirectory, packDirectory } from './place.ts';

const [, , embeddedName = '', dynamodbName = ''] = process.argv;
const tableName = 'golden';
const clusters = { default: 150, 'blue.x7k2mq': 20 };

function placeFor(name: string): string {
  const directory = join(goldenDirectory, name);
  if (name === '' || existsSync(directory)) throw new Error(`give two names of folders that are not there yet: ${directory}`);
  mkdirSync(directory);
  return directory;
}

const writeExpected = (directory: string, expected: unknown): void =>
  writeFileSync(join(directory, 'expected.json'), `${JSON.stringify(expected, undefined, 2)}\n`);

async function writeEmbedded(directory: string): Promise<void> {
  const store = mkdtempSync(join(tmpdir(), 'golden-'));
  await fillGolden(() => embeddedTable(store), { leaseUpdates: 1050, inlineBytesMax: 2048 });
  packDirectory(store, join(directory, 'store'), /-lock$/);
  writeExpected(directory, await everythingIn(() => embeddedTable(store)));
  rmSync(store, { recursive: true });
}

async function writeDynamodb(directory: string): Promise<void> {
  const engine = await startEngine('DynamoDB Local');
  try {
    await createTable(engine.endpoint, tableName);
    const world = virtualWorld(3, goldenStartMs);
    for (const [cluster, leaseUpdates] of Object.entries(clusters))
      await fillGolden((phase) => openTable(engine.endpoint, tableName, cluster, { world: phase }), { leaseUpdates, inlineBytesMax: 2048 });
    const records = clusterRecords({ tableName, world, client: settingsFor(engine.endpoint) });
    await records.create({ name: 'blue', id: 'blue.x7k2mq', createdMs: goldenStartMs });
    await records.create({ name: 'gone', id: 'gone.p4r8wz', createdMs: goldenStartMs, deletedMs: goldenStartMs + 1 });
    await dumpTable(engine.endpoint, tableName, { to: join(directory, 'items.jsonl.br'), without: /^warm$/ });
    const read = Object.keys(clusters).map(async (cluster) => [
      cluster,
      await everythingIn(() => openTable(engine.endpoint, tableName, cluster, { world })),
    ]);
    writeExpected(directory, { records: await records.list(), clusters: Object.fromEntries(await Promise.all(read)) });
    records.close();
  } finally {
    await engine.stop();
  }
}

await writeEmbedded(placeFor(embeddedName));
await writeDynamodb(placeFor(dynamodbName));
