/** Lets at most so many run at once; the others wait in line. */
export interface Semaphore {
  /** Rejects with SemaphoreClosed what has not begun when the line is closed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing begins any more. Resolves when what has begun has ended. */
  close(): Promise<void>;
}

export class SemaphoreClosed extends Error {
  override name = 'SemaphoreClosed';
}

export function semaphore(slots: number): Semaphore {
  let free = slots;
  const waiting: { readonly begin: () => void; readonly refuse: (error: Error) => void }[] = [];
  const idle = Promise.withResolvers<void>();
  let isClosed = false;
  const closed = (): SemaphoreClosed => new SemaphoreClosed('nothing begins any more: the agent ends');
  const release = (): void => {
    const next = waiting.shift();
    if (next !== undefined) return next.begin();
    free += 1;
    if (isClosed && free === slots) idle.resolve();
  };
  return {
    async run(work) {
      if (isClosed) throw closed();
      if (free > 0) free -= 1;
      else await new Promise<void>((begin, refuse) => waiting.push({ begin, refuse }));
      try {
        return await work();
      } finally {
        release();
      }
    },
    close() {
      isClosed = true;
      for (const { refuse } of waiting.splice(0)) refuse(closed());
      if (free === slots) idle.resolve();
      return idle.promise;
    },
  };
}
