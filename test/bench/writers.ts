/** Several processes that write to one log: `npm run bench:store -- --only writers`, and after all other cases. */
import { creates } from './cases.ts';
import type { Measured } from './closed-loop.ts';
import { startOurs, type Contender } from './contenders.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const counts = [1, 2, 4, 8];
const inFlight = 64;
const warmUpSeconds = 2;

export interface Writers {
  readonly writers: number;
  /** Writes of all writers together. */
  readonly perSecond: number;
  /** The 99th percentile of the slowest writer. */
  readonly p99Ms: number;
  readonly cpuMsEach: number;
}

/** Each process has its share of the requests under way. */
export async function measureWriters(seconds: number): Promise<readonly Writers[]> {
  const all: Writers[] = [];
  for (const writers of counts) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-writers-'));
    const contenders: Contender[] = [];
    for (let number = 0; number < writers; number += 1) contenders.push(await startOurs(directory));
    const load = creates(inFlight / writers, '1.1 KB');
    const run = (duration: number): Promise<Measured[]> => Promise.all(contenders.map((contender) => load.run(contender, duration)));
    await run(warmUpSeconds);
    const measured = await run(seconds);
    for (const contender of contenders) await contender.stop();
    rmSync(directory, { recursive: true, force: true });
    const perSecond = measured.reduce((sum, one) => sum + one.perSecond, 0);
    all.push({
      writers,
      perSecond,
      p99Ms: Math.max(...measured.map(({ p99Ms }) => p99Ms)),
      cpuMsEach: measured.reduce((sum, one) => sum + one.cpuMsEach * one.perSecond, 0) / perSecond,
    });
  }
  return all;
}
