/**
 * A process to be killed: finalizes the newer format in the data directory it is given, does the housekeeping and writes all the
 * while. Prints the name and revision of each acknowledged write, and `settled` at the end.
 */
import { writeSync } from 'node:fs';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { realWorld } from '../../functions/world.ts';
import { newFormats } from '../support/format-step.ts';
import { noted } from './formats.contract.ts';

const [, , directory = '', run = ''] = process.argv;
const roundsMax = 10_000;
const limits = { retentionMs: 20, inlineBytesMax: 200 };
const table = embeddedTable(directory, { formats: newFormats, segmentEntries: 64 });
const store = await createStore({ table, world: realWorld('error'), formats: newFormats, limits });
await store.finalizeFormat();
for (let step = 0; step < roundsMax; step += 1) {
  const { revision } = await store.commit(noted(`pod-${run}-${step}`, 'remark', `${step}`));
  writeSync(1, `pod-${run}-${step} ${revision}\n`);
  await store.housekeep();
  const { writes, oldest } = store.format();
  if (writes === oldest) break;
}
writeSync(1, 'settled\n');
await store.close();
