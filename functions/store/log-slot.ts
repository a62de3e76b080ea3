/** A slot of the log, read: its changes, their objects still as bodies. */
import type { Key, Stored } from '../kube/view.ts';
import { MissingBlob } from './blobs.ts';
import { blobHash, checkFormat } from './body.ts';
import { decodeFrames } from './slot-codec.ts';
import type { Change } from './store.ts';
import { Decoder, StoredChange, StoredObject, type SelectableFields } from './stored-object.ts';
import type { SlotItem, Table } from './table.ts';

export type Entry =
  | { readonly type: 'change'; readonly change: Change; readonly previousRevision: number }
  | { readonly type: 'floor'; readonly floor: number };

export interface LogSlot {
  readonly slot: number;
  readonly firstRevision: number;
  readonly writtenMs: number;
  readonly entries: readonly Entry[];
}

export const lastRevision = ({ firstRevision, entries }: LogSlot): number => firstRevision + entries.length - 1;

/** Reads bodies that may lie in blobs. */
export class BodyReader {
  readonly decoder: Decoder;
  readonly #table: Pick<Table, 'readBlob'>;

  constructor(table: Pick<Table, 'readBlob'>, decoder: Decoder = new Decoder()) {
    this.#table = table;
    this.decoder = decoder;
  }

  /** The body itself, of a format that this version knows. */
  async read(body: Uint8Array, where: string): Promise<Uint8Array> {
    const hash = blobHash(body);
    if (hash === undefined) return known(body, where);
    const blob = await this.#table.readBlob(hash);
    if (blob === undefined) throw new MissingBlob(where, hash);
    return known(blob, `blob ${hash} of ${where}`);
  }

  async stored(key: Key, revision: number, body: Uint8Array): Promise<Stored> {
    const whole = await this.read(body, `object ${key.resource} ${key.namespace}/${key.name}`);
    return new StoredObject({ key, revision, body: whole, blob: blobHash(body) }, this.decoder);
  }
}

function known(body: Uint8Array, where: string): Uint8Array {
  checkFormat(body, where);
  return body;
}

export async function readLogSlot(item: SlotItem, bodies: BodyReader, fields: SelectableFields): Promise<LogSlot> {
  const entries: Entry[] = [];
  for (const [index, frame] of decodeFrames(item).entries()) {
    if (frame.type === 'floor') {
      entries.push(frame);
      continue;
    }
    const { resource, namespace, name } = frame.key;
    const body = await bodies.read(frame.body, `slot ${item.slot}, ${resource} ${namespace}/${name}`);
    const change = new StoredChange(
      { ...frame, revision: item.firstRevision + index, body, blob: blobHash(frame.body) },
      bodies.decoder,
      fields,
    );
    entries.push({ type: 'change', change, previousRevision: frame.previousRevision });
  }
  return { slot: item.slot, firstRevision: item.firstRevision, writtenMs: item.writtenMs, entries };
}
