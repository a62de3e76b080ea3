/** A process that writes to a table as fast as it can, a few at once, and prints what was acknowledged: name and revision. */
import { writeSync } from 'node:fs';
import { createStore } from '../../functions/store/create-store.ts';
import { realWorld } from '../../functions/world.ts';
import { create, pod } from '../contract/cluster.ts';
import { openTable } from '../support/dynamodb-engine.ts';

const inFlight = 8;
const [, , endpoint = '', tableName = '', writerName = ''] = process.argv;
const store = await createStore({ table: openTable(endpoint, tableName, 'shared'), world: realWorld('error') });

async function write(writer: number): Promise<never> {
  for (let step = 0; ; step += 1) {
    const name = `pod-${writerName}-${writer}-${step}`;
    const { revision } = await store.commit(create(pod(name)));
    writeSync(1, `${name} ${revision}\n`);
  }
}

await Promise.all(Array.from({ length: inFlight }, (_, writer) => write(writer)));
