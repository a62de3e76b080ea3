/**
 * Many creations, first one, then two, then four: what is refused for a common reason (a quota, a bad template) is
 * refused once and not five hundred times. Source: pkg/controller/controller_utils.go, slowStartBatch.
 */
export interface SlowStart {
  readonly succeeded: number;
  /** The first failure; batches after it were not tried. */
  readonly error?: Error;
}

export async function slowStart(count: number, create: (index: number) => Promise<void>): Promise<SlowStart> {
  let succeeded = 0;
  let batchSize = Math.min(count, 1);
  for (let remaining = count; batchSize > 0; batchSize = Math.min(2 * batchSize, remaining)) {
    const first = count - remaining;
    const results = await Promise.allSettled(Array.from({ length: batchSize }, (_, index) => create(first + index)));
    succeeded += results.filter(({ status }) => status === 'fulfilled').length;
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) return { succeeded, error: asError(failure.reason) };
    remaining -= batchSize;
  }
  return { succeeded };
}

/** Runs all, and returns the first failure. */
export async function allOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<Error | undefined> {
  const results = await Promise.allSettled(items.map(act));
  const failure = results.find((result) => result.status === 'rejected');
  return failure === undefined ? undefined : asError(failure.reason);
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));
