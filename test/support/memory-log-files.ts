/**
 * Files of the embedded log without a disk. What was not synced may be lost with the machine's power. Writes and syncs
 * fail when a test asks for it, and syncs are counted.
 */
import type { LogFile, LogFiles } from '../../functions/store/embedded/log-files.ts';

const sectorBytes = 512;

interface Bytes {
  written: Buffer;
  synced: number;
}

export class MemoryLogFiles implements LogFiles {
  readonly files = new Map<string, Bytes>();
  readonly #syncedNames = new Set<string>();
  syncs = 0;
  /** Awaited by reads and syncs. */
  readonly #pause: () => Promise<unknown>;
  /** How many bytes of the next write get in before it fails. */
  cutNextWrite: number | undefined;
  failNextSync = false;

  constructor(pause: () => Promise<unknown> = () => Promise.resolve()) {
    this.#pause = pause;
  }

  names(): readonly string[] {
    return [...this.files.keys()];
  }

  async open(name: string, mayCreate: boolean): Promise<LogFile | undefined> {
    const bytes = this.files.get(name) ?? (mayCreate ? { written: Buffer.alloc(0), synced: 0 } : undefined);
    if (bytes === undefined) return undefined;
    this.files.set(name, bytes);
    return {
      size: () => bytes.written.length,
      append: (more) => this.#append(bytes, more),
      sync: () => this.#sync(bytes),
      close: async () => undefined,
      read: async (at, length) => {
        await this.#pause();
        return bytes.written.subarray(at, at + length);
      },
    };
  }

  async syncNames(): Promise<void> {
    const names = this.names();
    await this.#pause();
    for (const name of names) this.#syncedNames.add(name);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  /** What another process is given, after this machine has lost its power; `chance` below 1. */
  afterPowerLoss(chance: () => number, pause?: () => Promise<unknown>): MemoryLogFiles {
    const left = new MemoryLogFiles(pause);
    for (const [name, { written, synced }] of this.files) {
      if (!this.#syncedNames.has(name) && chance() < 0.5) continue;
      const length = synced + Math.floor(chance() * (written.length - synced + 1));
      const bytes = Buffer.from(written.subarray(0, length));
      for (let at = synced; at < length; at = (Math.floor(at / sectorBytes) + 1) * sectorBytes) {
        if (chance() < 0.3) bytes.fill(0, at, Math.min(length, (Math.floor(at / sectorBytes) + 1) * sectorBytes));
      }
      left.files.set(name, { written: bytes, synced: length });
      left.#syncedNames.add(name);
    }
    return left;
  }

  #append(bytes: Bytes, more: Uint8Array): void {
    const length = this.cutNextWrite ?? more.length;
    this.cutNextWrite = undefined;
    bytes.written = Buffer.concat([bytes.written, more.subarray(0, length)]);
    if (length < more.length) throw new Error('no space left on device');
  }

  async #sync(bytes: Bytes): Promise<void> {
    this.syncs += 1;
    const { length } = bytes.written;
    const fails = this.failNextSync;
    this.failNextSync = false;
    await this.#pause();
    if (fails) throw new Error('the disk failed');
    bytes.synced = Math.max(bytes.synced, length);
  }
}
