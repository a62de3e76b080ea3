/** The files that the log lies in: appended to by any number of processes, never written over. */
import { constants, fstatSync, mkdirSync, readdirSync, readSync, writeSync } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface LogFile {
  /** How long it is now, in bytes. */
  size(): number;
  /** Writes behind whatever is there, all at once; what an error leaves behind is half of it, or nothing. */
  append(bytes: Uint8Array): void;
  read(at: number, length: number): Promise<Buffer>;
  /** Resolves when all that was in it at the time of the call is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LogFiles {
  names(): readonly string[];
  /** Undefined: there is none, and none was to be made. */
  open(name: string, mayCreate: boolean): Promise<LogFile | undefined>;
  /** Resolves when the names are on the disk. */
  syncNames(): Promise<void>;
  /** Whether or not it is there. */
  remove(name: string): Promise<void>;
}

/** What is read in passing; more than that must not keep the process from other work. */
const readSyncBytesMax = 64 * 1024;

export function logFiles(directory: string): LogFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    names: () => readdirSync(directory),
    async open(name, mayCreate) {
      const handle = await openHandle(join(directory, name), mayCreate);
      return handle === undefined ? undefined : new HandleFile(handle);
    },
    async syncNames() {
      for (const path of [dirname(directory), directory]) await syncDirectory(path);
    },
    async remove(name) {
      await ifThere(unlink(join(directory, name)));
    },
  };
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const openHandle = (path: string, mayCreate: boolean): Promise<FileHandle | undefined> =>
  ifThere(open(path, constants.O_RDWR | constants.O_APPEND | (mayCreate ? constants.O_CREAT : 0), 0o600));

async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

class HandleFile implements LogFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  size(): number {
    return fstatSync(this.#handle.fd).size;
  }

  append(bytes: Uint8Array): void {
    const written = writeSync(this.#handle.fd, bytes);
    // The rest would land behind what others have written meanwhile.
    if (written < bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes could be written`);
  }

  async read(at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let end = 0;
    while (end < length) {
      const left = length - end;
      const place = [bytes, end, left, at + end] as const;
      const count = left <= readSyncBytesMax ? readSync(this.#handle.fd, ...place) : (await this.#handle.read(...place)).bytesRead;
      if (count === 0) throw new Error(`the file ends at ${at + end}, ${left} bytes too early`);
      end += count;
    }
    return bytes;
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
