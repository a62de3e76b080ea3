/**
 * How fast the store commits to DynamoDB as its engines on this machine stand in for it: `node test/bench/dynamodb.ts
 * [seconds]`. Creates a second, latencies, and calls per write; says nothing about the latency of AWS.
 */
import { loadavg } from 'node:os';
import { createStore } from '../../functions/store/create-store.ts';
import { sumOf } from '../../functions/store/dynamodb/costs.ts';
import { realWorld } from '../../functions/world.ts';
import { create } from '../contract/cluster.ts';
import { createTable, missingEngine, openTable, startEngine, type EngineName } from '../support/dynamodb-engine.ts';
import { benchPod } from './pods.ts';

const seconds = Number(process.argv[2] ?? 3);

async function measure(name: EngineName, inFlight: number): Promise<void> {
  const engine = await startEngine(name);
  await createTable(engine.endpoint, 'bench');
  const table = openTable(engine.endpoint, 'bench', 'bench');
  const store = await createStore({ table, world: realWorld('warn') });
  const latenciesMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  const writer = async (number: number): Promise<void> => {
    for (let step = 0; performance.now() < endMs; step += 1) {
      const beforeMs = performance.now();
      await store.commit(create(benchPod(`pod-${number}-${step}`, '1.1 KB')));
      latenciesMs.push(performance.now() - beforeMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, number) => writer(number)));
  const { calls, writeUnits } = sumOf(table.costs.take().values());
  latenciesMs.sort((a, b) => a - b);
  const percentile = (share: number): string => (latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0).toFixed(2);
  const count = latenciesMs.length;
  process.stdout.write(
    `${name}, ${inFlight} in flight: ${(count / seconds).toFixed(0)} creates/s, p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms, ` +
      `${(calls / count).toFixed(3)} calls and ${(writeUnits / count).toFixed(2)} units a write; load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  await store.close();
  await engine.stop();
}

for (const name of ['DynamoDB Local', 'dynoxide'] as const) {
  if (missingEngine(name) !== undefined) process.stdout.write(`${name}: ${missingEngine(name)}\n`);
  else for (const inFlight of [1, 64, 256]) await measure(name, inFlight);
}
