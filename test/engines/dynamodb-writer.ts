/**
 * `dynamodb-writer.ts ENDPOINT TABLE NAME`: prints "ready". Once its input ends, it creates pods and prints each with
 * its revision.
 */
import { once } from 'node:events';
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

writeSync(1, 'ready\n');
await once(process.stdin.resume(), 'end');
await Promise.all(Array.from({ length: inFlight }, (_, writer) => write(writer)));
