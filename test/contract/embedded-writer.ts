/**
 * A process to be killed. It writes to the data directory it is given, as fast as it can. It prints the name and
 * revision of each object once the write is acknowledged.
 */
import { writeSync } from 'node:fs';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { realWorld } from '../../functions/world.ts';
import { create, pod, update } from './cluster.ts';

const writers = 16;
const [, , directory = '', run = ''] = process.argv;
const store = await createStore({ table: embeddedTable(directory), world: realWorld('error') });

async function write(writer: number): Promise<never> {
  for (let step = 0; ; step += 1) {
    const name = `pod-${run}-${writer}-${Math.floor(step / 2)}`;
    const { revision } = await store.commit(step % 2 === 0 ? create(pod(name)) : update(pod(name, { note: `${step}` })));
    writeSync(1, `${name} ${revision}\n`);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
