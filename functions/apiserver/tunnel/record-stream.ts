/** A streamed answer of records, for those who listen: it sends signs of life, and ends by itself before its host would cut it off. */
import { encodeRecord, tickMs, type TunnelRecord } from '../../tunnel/records.ts';
import type { World } from '../../world.ts';

export interface RecordSink {
  /** Resolves when the reader has room for more. */
  write(record: TunnelRecord): Promise<void>;
  /** Aborts when the reader has left or the time is up. */
  readonly signal: AbortSignal;
}

export interface RecordStreamOptions extends Pick<World, 'clock' | 'log'> {
  readonly secondsMax: number;
  /** The signal of the request. */
  readonly signal: AbortSignal;
}

/** Bytes that are written and not yet read. */
const bufferBytes = 1 << 20;

/** Answers with what the work writes, until it is done. */
export function recordStream({ clock, log, secondsMax, signal }: RecordStreamOptions, work: (sink: RecordSink) => Promise<void>): Response {
  const ending = new AbortController();
  const end = (): void => ending.abort(new Error('the stream ended'));
  let room = Promise.withResolvers<void>();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const cancels = [clock.after(secondsMax * 1000, end)];
  signal.addEventListener('abort', end, { once: true });
  ending.signal.addEventListener('abort', () => room.resolve(), { once: true });

  function enqueue(record: TunnelRecord): void {
    if (!ending.signal.aborted) controller?.enqueue(encodeRecord(record));
  }
  function tick(): void {
    enqueue({ type: 'tick' });
    cancels[1] = clock.after(tickMs, tick);
  }
  const sink: RecordSink = {
    signal: ending.signal,
    async write(record) {
      enqueue(record);
      while ((controller?.desiredSize ?? 1) <= 0 && !ending.signal.aborted) {
        room = Promise.withResolvers();
        await room.promise;
      }
    },
  };
  async function run(): Promise<void> {
    tick();
    try {
      await work(sink);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!ending.signal.aborted) log.warn('listening for entries failed', { error });
    }
    const isLeft = signal.aborted;
    end();
    for (const cancel of cancels) cancel();
    if (!isLeft) controller?.close();
    controller = undefined;
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own;
        void run();
      },
      pull: () => room.resolve(),
      cancel() {
        controller = undefined;
        end();
      },
    },
    { highWaterMark: bufferBytes, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  // No buffering on the way: an entry is read when it is written.
  const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-cache, private', 'x-accel-buffering': 'no' };
  return new Response(body, { headers });
}
