/** Reads a CRI log file as a client asked for it, and follows it while its container runs. */
import { watch } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../../functions/world.ts';
import type { LogOptions } from './log-options.ts';
import { createLineSplitter, formattedLine, parseLogLine } from './log-line.ts';

const chunkBytes = 64 << 10;
/** A watch may miss a change; looking from time to time does not. */
const lookMs = 500;

/** Where the last `count` lines begin. */
export async function tailOffset(file: FileHandle, count: number): Promise<number> {
  let end = (await file.stat()).size;
  if (count === 0) return end;
  let newlines = 0;
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      if (buffer[index] !== 0x0a) continue;
      newlines += 1;
      if (newlines > count) return start + index + 1;
    }
    end = start;
  }
  return 0;
}

export interface LogSource {
  readonly path: string;
  readonly options: LogOptions;
  /** Whether more may come. Asked when the end of the file is reached. */
  readonly isOpen: () => Promise<boolean>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Waits until the file may have grown. */
async function growth({ path, clock, signal }: LogSource): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(path, () => settle());
    const cancel = clock.after(lookMs, () => settle());
    const settle = (): void => {
      watcher.close();
      cancel();
      signal.removeEventListener('abort', settle);
      resolve();
    };
    watcher.on('error', settle);
    signal.addEventListener('abort', settle, { once: true });
  });
}

async function* chunks(source: LogSource, file: FileHandle, from: number): AsyncGenerator<Buffer> {
  let offset = from;
  let wasOpen = source.options.follow;
  while (!source.signal.aborted) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, offset);
    if (bytesRead > 0) {
      offset += bytesRead;
      yield buffer.subarray(0, bytesRead);
    } else if (!source.options.follow || !wasOpen) {
      return;
    } else {
      await growth(source);
      // One more read after the container ended: its last lines may have come in between.
      wasOpen = await source.isOpen();
    }
  }
}

/** The lines as the client wants them. */
export async function* readLog(source: LogSource): AsyncGenerator<Buffer> {
  const { options } = source;
  await using file = await open(source.path);
  const split = createLineSplitter();
  const from = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
  let left = options.limitBytes ?? Infinity;
  let continues = false;
  for await (const chunk of chunks(source, file, from)) {
    for (const bytes of split(chunk)) {
      const line = parseLogLine(bytes);
      const text = line === undefined ? undefined : formattedLine(line, options, continues);
      continues = line?.isPartial === true;
      if (text === undefined) continue;
      yield text.subarray(0, Math.min(left, text.length));
      left -= text.length;
      if (left <= 0) return;
    }
  }
}
