/** A slot of the log, read: its changes with their objects. */
import { labelsOf, type KubeObject } from '../kube/object.ts';
import { blobHash, decodeBody } from './body.ts';
import { deepFreeze } from './deep-freeze.ts';
import { decodeFrames, type ChangeFrame } from './slot-codec.ts';
import type { Change, Selectable } from './store.ts';
import { StoreError } from './store.ts';
import type { SlotItem, Table } from './table.ts';

/** The fields of an object that selectors may name. */
export type SelectableFields = (resource: string, object: KubeObject) => Record<string, string>;

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

export function selectable(resource: string, object: KubeObject, fields: SelectableFields): Selectable {
  return { labels: labelsOf(object), fields: fields(resource, object) };
}

/** Reads objects that may lie in blobs. */
export class BodyReader {
  readonly #table: Pick<Table, 'readBlob'>;

  constructor(table: Pick<Table, 'readBlob'>) {
    this.#table = table;
  }

  async read(body: Uint8Array, where: string): Promise<KubeObject> {
    const hash = blobHash(body);
    if (hash === undefined) return deepFreeze(decodeBody(body, where));
    const blob = await this.#table.readBlob(hash);
    if (blob === undefined) throw new StoreError('corrupt', `${where} cannot be read: its blob ${hash} is missing`);
    return deepFreeze(decodeBody(blob, `blob ${hash} of ${where}`));
  }
}

export async function readLogSlot(item: SlotItem, bodies: BodyReader, fields: SelectableFields): Promise<LogSlot> {
  const entries: Entry[] = [];
  for (const [index, frame] of decodeFrames(item).entries()) {
    if (frame.type === 'floor') {
      entries.push(frame);
      continue;
    }
    const revision = item.firstRevision + index;
    const { resource, namespace, name } = frame.key;
    const object = await bodies.read(frame.body, `slot ${item.slot}, ${resource} ${namespace}/${name}`);
    entries.push({ type: 'change', change: changeOf(frame, revision, object, fields), previousRevision: frame.previousRevision });
  }
  return { slot: item.slot, firstRevision: item.firstRevision, writtenMs: item.writtenMs, entries };
}

function changeOf(frame: ChangeFrame, revision: number, object: KubeObject, fields: SelectableFields): Change {
  const { type, key } = frame;
  if (type === 'added') return { type, key, revision, object };
  // What the frame leaves out did not change.
  return { type, key, revision, object, previous: frame.previous ?? selectable(key.resource, object, fields) };
}
