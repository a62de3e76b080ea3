/**
 * Creates on what stands in for DynamoDB on this machine: `npm run bench:store -- --only dynamodb`, and after all other
 * cases. The store is in the client's process. The engine keeps all in memory and runs wherever there is room. The
 * figures show how fast the store is, and nothing about the latency of AWS.
 */
import { createStore } from '../../functions/store/create-store.ts';
import { sumOf } from '../../functions/store/dynamodb/costs.ts';
import { realWorld } from '../../functions/world.ts';
import { create } from '../contract/cluster.ts';
import { createTable, missingEngine, openTable, startEngine, type EngineName } from '../support/dynamodb-engine.ts';
import { percentile } from './closed-loop.ts';
import { unpinned } from './contenders.ts';
import { benchPod } from './pods.ts';

export interface OnDynamodb {
  readonly engine: EngineName;
  readonly inFlight: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the store and its client. */
  readonly cpuMsEach: number;
  readonly callsEach: number;
  readonly writeUnitsEach: number;
}

const engines: readonly EngineName[] = ['DynamoDB Local', 'dynoxide'];
const inFlights = [1, 64, 256];
const warmUpSeconds = 3;

/** An engine that cannot run here is left out; the reason is printed. */
export async function measureOnDynamodb(seconds: number, print: (text: string) => void): Promise<readonly OnDynamodb[]> {
  const all: OnDynamodb[] = [];
  for (const engine of engines) {
    const why = missingEngine(engine);
    if (why === undefined) all.push(...(await measureEngine(engine, seconds)));
    else print(`${engine}: ${why}`);
  }
  return all;
}

async function measureEngine(name: EngineName, seconds: number): Promise<OnDynamodb[]> {
  const engine = await unpinned(() => startEngine(name));
  await createTable(engine.endpoint, 'bench');
  const table = openTable(engine.endpoint, 'bench', 'bench');
  const store = await createStore({ table, world: realWorld('warn') });
  let made = 0;
  const measure = async (inFlight: number, duration: number): Promise<OnDynamodb> => {
    const latenciesMs: number[] = [];
    table.costs.take();
    const cpuBefore = process.cpuUsage();
    const startMs = performance.now();
    const writer = async (): Promise<void> => {
      while (performance.now() - startMs < duration * 1000) {
        const beforeMs = performance.now();
        await store.commit(create(benchPod(`pod-${(made += 1)}`, '1.1 KB')));
        latenciesMs.push(performance.now() - beforeMs);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, writer));
    const count = latenciesMs.length;
    const { user, system } = process.cpuUsage(cpuBefore);
    const { calls, writeUnits } = sumOf(table.costs.take().values());
    const perSecond = count / ((performance.now() - startMs) / 1000);
    latenciesMs.sort((a, b) => a - b);
    return {
      engine: name,
      inFlight,
      perSecond,
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
      cpuMsEach: (user + system) / 1000 / count,
      callsEach: calls / count,
      writeUnitsEach: writeUnits / count,
    };
  };
  try {
    await measure(64, warmUpSeconds);
    const measured: OnDynamodb[] = [];
    for (const inFlight of inFlights) measured.push(await measure(inFlight, seconds));
    return measured;
  } finally {
    await store.close();
    await engine.stop();
  }
}
