/** Spreads tests over processes that run side by side. */
import type { TestResult } from './results.ts';

/** Runs tests one after another; one that did not come to its end is missing from the results. */
export type RunBatch = (id: string, names: readonly string[]) => Promise<readonly TestResult[]>;

export interface BatchOptions {
  /** How many batches run at the same time. */
  readonly processes: number;
  /** Starts each batch's id. */
  readonly label: string;
  readonly runBatch: RunBatch;
  /** Hears of every finished batch. */
  readonly finished?: (results: readonly TestResult[]) => void;
  readonly signal: AbortSignal;
}

/**
 * Starting a process costs seconds, so a batch is long; not too long, since a test that times out holds up its batch for
 * minutes. The last ones are short, so that all end together.
 */
const batchMax = 6;
/** So many batches without a single result mean that the cluster, not a test, is at fault. */
const emptyBatchesMax = 5;

/**
 * Every test gets one result. A test has none when another one of its batch hung or ended the process. It is run once
 * more, alone; then it counts as failed.
 */
export async function runBatches(names: readonly string[], options: BatchOptions): Promise<readonly TestResult[]> {
  const { processes, label, runBatch, finished, signal } = options;
  const waiting = [...names];
  const again: string[] = [];
  const results: TestResult[] = [];
  let [batches, empty] = [0, 0];
  const next = (): readonly string[] => {
    const size = Math.min(batchMax, Math.ceil(waiting.length / (2 * processes)));
    return waiting.length > 0 ? waiting.splice(0, size) : again.splice(0, 1);
  };
  const take = (batch: readonly string[], found: readonly TestResult[]): void => {
    if (found.length === 0 && !signal.aborted) empty += 1;
    if (empty > emptyBatchesMax) throw new Error(`the suite ran no test in ${empty} attempts; its logs are in the report`);
    const named = new Set(found.map(({ name }) => name));
    const missing = batch.filter((name) => !named.has(name));
    // A batch of one was alone already.
    const given = batch.length === 1 ? missing.map(didNotEnd) : [];
    if (batch.length > 1) again.push(...missing);
    results.push(...found, ...given);
    finished?.([...found, ...given]);
  };
  const work = async (): Promise<void> => {
    for (let batch = next(); batch.length > 0 && !signal.aborted; batch = next()) {
      batches += 1;
      take(batch, await runBatch(`${label}-${String(batches).padStart(3, '0')}`, batch));
    }
  };
  const workers = (): Promise<unknown> => Promise.all(Array.from({ length: processes }, work));
  await workers();
  // What the last batches put back: by then the other workers had ended.
  await workers();
  return results;
}

const didNotEnd = (name: string): TestResult => ({ name, outcome: 'failed', seconds: 0, reason: 'the test did not come to its end' });
