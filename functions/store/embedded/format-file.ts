/**
 * The file in the data directory that names its format, for versions that open it. It follows the log: it is raised before
 * the watermark passes the place in the log from which a newer format is written.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstFormat, type FormatState, type Formats } from '../format.ts';
import { StoreError } from '../store.ts';
import type { MetaItem } from '../table.ts';

const fileName = 'format';
const pattern = /^hibernetes store (\d+)(?:\nneeds hibernetes (\S+) or later)?$/;

const textOf = ({ writes, needs }: FormatState): string =>
  `hibernetes store ${writes}\n${needs === undefined ? '' : `needs hibernetes ${needs} or later\n`}`;

export class FormatFile {
  readonly #directory: string;
  readonly #path: string;
  readonly #table: string;

  /** `table`: the file that is there if the directory was in use before. */
  constructor(directory: string, table: string) {
    this.#directory = directory;
    this.#path = join(directory, fileName);
    this.#table = join(directory, table);
  }

  /** Throws when this version does not read the directory; names its own format in a new one. */
  open(formats: Formats): void {
    if (existsSync(this.#path)) return formats.check(this.#read(), `the data directory ${this.#directory}`);
    if (existsSync(this.#table)) throw new StoreError('corrupt', `${this.#path} is missing, but there is a table beside it`);
    this.#write(formats.created);
  }

  /** The watermark before the first. */
  get firstMeta(): MetaItem {
    const format = this.#read();
    return { logIndex: 0, revision: 0, ...(format.writes === firstFormat ? {} : { format }) };
  }

  raise(format: FormatState): void {
    if (format.writes > this.#read().writes) this.#write(format);
  }

  #read(): FormatState {
    const found = readFileSync(this.#path, 'utf8').trim();
    const [, digits, needs] = pattern.exec(found) ?? [];
    if (digits === undefined)
      throw new StoreError('wrong-format', `the data directory ${this.#directory} has the unknown format "${found}"`);
    return { writes: Number(digits), oldest: Number(digits), ...(needs === undefined ? {} : { needs }) };
  }

  /** Writes the file as a whole or not at all. */
  #write(format: FormatState): void {
    const next = `${this.#path}.${process.pid}`;
    writeFileSync(next, textOf(format), { flush: true });
    renameSync(next, this.#path);
    const directory = openSync(this.#directory, 'r');
    fsyncSync(directory);
    closeSync(directory);
  }
}
