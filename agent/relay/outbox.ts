/** The part of a log that is read and not sent yet: at most about one chunk, so that reading is no faster than sending. */
import { chunkBytesMax } from '../../functions/node-protocol/relay-chunk.ts';
import type { Clock } from '../../functions/world.ts';

export interface Parcel {
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

export interface Outbox {
  /** Reads the log; resolves at its end, or at its next part after `close`. */
  fill(log: AsyncIterable<Buffer>): Promise<void>;
  /** Waits for something to send, at most this long, and then a moment for more of it. May be empty. Throws what reading the log threw. */
  take(quietMs: number): Promise<Parcel>;
  /** The sender takes no more. */
  close(): void;
}

/** Lines that come close together go in one chunk. */
export const gatherMs = 500;

export function createOutbox(clock: Pick<Clock, 'after'>): Outbox {
  let parts: Buffer[] = [];
  let bytes = 0;
  let isEnded = false;
  let isClosed = false;
  let failure: Error | undefined;
  let news = Promise.withResolvers<void>();

  function notify(): void {
    news.resolve();
    news = Promise.withResolvers<void>();
  }

  /** Until it is so, or the time is up. */
  async function until(isSo: () => boolean, ms: number): Promise<void> {
    let isLate = false;
    const cancel = clock.after(ms, () => {
      isLate = true;
      notify();
    });
    while (!isSo() && !isLate) await news.promise;
    cancel();
  }

  async function takeIn(log: AsyncIterable<Buffer>): Promise<void> {
    for await (const part of log) {
      parts.push(part);
      bytes += part.length;
      notify();
      while (bytes >= chunkBytesMax && !isClosed) await news.promise;
      if (isClosed) return;
    }
  }

  return {
    async fill(log) {
      try {
        await takeIn(log);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failure = error;
      }
      isEnded = true;
      notify();
    },
    async take(quietMs) {
      await until(() => bytes > 0 || isEnded, quietMs);
      if (bytes > 0) await until(() => bytes >= chunkBytesMax || isEnded, gatherMs);
      if (failure !== undefined) throw failure;
      const all = Buffer.concat(parts);
      const [taken, rest] = [all.subarray(0, chunkBytesMax), all.subarray(chunkBytesMax)];
      parts = rest.length === 0 ? [] : [rest];
      bytes = rest.length;
      notify();
      return { bytes: taken, isLast: isEnded && bytes === 0 };
    },
    close() {
      isClosed = true;
      notify();
    },
  };
}
