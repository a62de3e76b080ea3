/** Reads a CRI log file as a client asked for it, and follows it while its container runs. */
import { constants, watch, type FSWatcher } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../../functions/world.ts';
import { errorCode, orUndefined } from '../files/error-code.ts';
import type { LogOptions } from './log-options.ts';
import { createLineSplitter, formattedLine, parseLogLine } from './log-line.ts';

const chunkBytes = 64 << 10;
/** A file watch may miss a change; this periodic check does not. */
const checkMs = 500;

/** Where the last `count` lines begin, or so many bytes of them. */
export async function tailOffset(file: FileHandle, count: number, bytesMax = Infinity): Promise<number> {
  let end = (await file.stat()).size;
  if (count === 0) return end;
  const least = Math.max(0, end - bytesMax);
  let newlines = 0;
  while (end > least) {
    const start = Math.max(least, end - chunkBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      if (buffer[index] !== 0x0a) continue;
      newlines += 1;
      if (newlines > count) return start + index + 1;
    }
    end = start;
  }
  return least;
}

export interface LogSource {
  readonly path: string;
  readonly options: LogOptions;
  /** Whether more may come. Asked when the end of the file is reached. */
  readonly isOpen: () => Promise<boolean>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A log is a file: a link in its place leads to what is not the container's, and a device has no end. */
async function openLog(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`the log ${path} is no file`);
}

/** Undefined: the log is just being rotated, and has no file. */
function watchFile(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(path, onChange).on('error', onChange);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Waits until the file may have grown. */
async function growth({ path, clock, signal }: LogSource): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watchFile(path, () => settle());
    const cancel = clock.after(checkMs, () => settle());
    const settle = (): void => {
      watcher?.close();
      cancel();
      signal.removeEventListener('abort', settle);
      resolve();
    };
    signal.addEventListener('abort', settle, { once: true });
  });
}

/** The file that took the place of the one that is read: the log was rotated. */
async function successor(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  const now = await orUndefined(lstat(path));
  if (now === undefined || now.ino === (await file.stat()).ino) return undefined;
  return orUndefined(openLog(path));
}

class Follower {
  readonly #source: LogSource;
  #file: FileHandle;
  #next: FileHandle | undefined;
  #offset = 0;

  constructor(source: LogSource, file: FileHandle) {
    this.#source = source;
    this.#file = file;
  }

  async close(): Promise<void> {
    await this.#file.close();
    await this.#next?.close();
  }

  async skipTo(tailLines: number): Promise<void> {
    this.#offset = await tailOffset(this.#file, tailLines);
  }

  /** Empty at the end of what there is now. */
  async read(): Promise<Buffer> {
    for (;;) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, this.#offset);
      this.#offset += bytesRead;
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
      if (this.#next !== undefined) await this.#goOn(this.#next);
      // What was written before the new file began is still to be read from the old one: hence once more.
      else if ((this.#next = await successor(this.#source.path, this.#file)) === undefined) return buffer.subarray(0, 0);
    }
  }

  async #goOn(next: FileHandle): Promise<void> {
    await this.#file.close();
    this.#file = next;
    this.#next = undefined;
    this.#offset = 0;
  }
}

async function* chunks(source: LogSource): AsyncGenerator<Buffer> {
  const { options, signal } = source;
  const follower = new Follower(source, await openLog(source.path));
  try {
    if (options.tailLines !== undefined) await follower.skipTo(options.tailLines);
    let wasOpen = options.follow;
    while (!signal.aborted) {
      const bytes = await follower.read();
      if (bytes.length > 0) {
        yield bytes;
        continue;
      }
      if (!wasOpen) return;
      await growth(source);
      // One more read after the container ended: its last lines may have come in between.
      wasOpen = await source.isOpen();
    }
  } finally {
    await follower.close();
  }
}

/** The lines as the client wants them. */
export async function* readLog(source: LogSource): AsyncGenerator<Buffer> {
  const { options } = source;
  const split = createLineSplitter();
  let left = options.limitBytes ?? Infinity;
  let continues = false;
  for await (const chunk of chunks(source)) {
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
