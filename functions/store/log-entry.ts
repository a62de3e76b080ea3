/** An entry of the log, read: its changes, their objects still as bodies. */
import type { Key, Stored } from '../kube/view.ts';
import { MissingBlob } from './blobs.ts';
import { blobHash, checkFormat } from './body.ts';
import { currentFormats, firstFormat, type FormatItem, type Formats, type ReadBody } from './format.ts';
import { UnknownClusterKey } from './seal.ts';
import { decodeFrames, isMark, type MarkFrame } from './entry-codec.ts';
import type { Change, StoreError } from './store.ts';
import { Decoder, isDamage, StoredChange, StoredObject, type SelectableFields } from './stored-object.ts';
import type { EntryItem, Table } from './table.ts';

export type EntryContent = { readonly type: 'change'; readonly change: Change; readonly previousRevision: number } | MarkFrame;

export interface LogEntry {
  readonly logIndex: number;
  readonly firstRevision: number;
  readonly writtenMs: number;
  readonly contents: readonly EntryContent[];
}

export const lastRevision = ({ firstRevision, contents }: LogEntry): number => firstRevision + contents.length - 1;

/** Reads bodies that may lie in blobs. */
export class BodyReader {
  readonly decoder: Decoder;
  readonly formats: Formats;
  readonly #table: Pick<Table, 'readBlob'>;

  constructor(table: Pick<Table, 'readBlob'>, decoder: Decoder = new Decoder(), formats: Formats = currentFormats) {
    this.#table = table;
    this.decoder = decoder;
    this.formats = formats;
  }

  /** The body itself, in the newest format, and the one that it has in the table. */
  async read({ key, body }: FormatItem, where: string): Promise<HeldBody> {
    const hash = blobHash(body);
    if (hash === undefined) return this.#known({ key, body }, where);
    const blob = await this.#table.readBlob(hash);
    if (blob === undefined) throw new MissingBlob(where, hash);
    return { ...(await this.#known({ key, body: blob }, `blob ${hash} of ${where}`)), blob: hash };
  }

  /** The body, or why it is damaged. A late reader gets its error: the blob that it misses was needed no more. */
  async held(item: FormatItem, where: string, isLate: IsLate): Promise<HeldBody> {
    try {
      return await this.read(item, where);
    } catch (error) {
      if (!isDamage(error) || error instanceof UnknownClusterKey || isLate(error)) throw error;
      return { body: item.body, format: firstFormat, blob: blobHash(item.body), damage: error };
    }
  }

  async stored(key: Key, revision: number, body: Uint8Array, isLate: IsLate): Promise<Stored> {
    const held = await this.held({ key, body }, `object ${key.resource} ${key.namespace}/${key.name}`, isLate);
    return new StoredObject({ key, revision, ...held }, this.decoder);
  }

  async #known(item: FormatItem, where: string): Promise<HeldBody> {
    const read = await this.#opened(item, where);
    checkFormat(read.body, where);
    return read;
  }

  /** The key may be one that another process has just made. */
  async #opened(item: FormatItem, where: string): Promise<ReadBody> {
    try {
      return this.formats.read(item, where);
    } catch (error) {
      if (!(error instanceof UnknownClusterKey) || !(await this.formats.refreshKeys())) throw error;
      return this.formats.read(item, where);
    }
  }
}

interface HeldBody extends ReadBody {
  readonly blob?: string | undefined;
  readonly damage?: StoreError;
}

/** Whether the error is that of a reader which began too long ago: see `isLateForBlob`. */
export type IsLate = (error: StoreError) => boolean;

export interface EntryReading {
  readonly bodies: BodyReader;
  readonly fields: SelectableFields;
  readonly isLate: IsLate;
}

/** Throws for an entry that is damaged itself: what it changed is then not known. */
export async function readLogEntry(item: EntryItem, { bodies, fields, isLate }: EntryReading): Promise<LogEntry> {
  const contents: EntryContent[] = [];
  for (const [index, frame] of decodeFrames(item).entries()) {
    if (isMark(frame)) {
      if (frame.type === 'format') bodies.formats.check(frame.format, 'the store');
      contents.push(frame);
      continue;
    }
    const { resource, namespace, name } = frame.key;
    const held = await bodies.held(frame, `log entry ${item.logIndex}, ${resource} ${namespace}/${name}`, isLate);
    const change = new StoredChange({ ...frame, revision: item.firstRevision + index, ...held }, bodies.decoder, fields);
    contents.push({ type: 'change', change, previousRevision: frame.previousRevision });
  }
  return { logIndex: item.logIndex, firstRevision: item.firstRevision, writtenMs: item.writtenMs, contents };
}
