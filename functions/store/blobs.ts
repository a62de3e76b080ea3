/**
 * Bodies that are too large for their entry lie in blobs beside it. A blob belongs to one attempt to write one entry; the
 * change that follows names it, and housekeeping lets it expire when no reader can need that entry any more.
 */
import type { Clock } from '../world.ts';
import { blobBody, blobHash } from './body.ts';
import type { PlannedChange } from './plan.ts';
import { isOlderThan, type Reading } from './reading.ts';
import { decodeFrames, isMark, type ChangeFrame } from './entry-codec.ts';
import { StoreError } from './store.ts';
import { StoredObject } from './stored-object.ts';
import type { EntryItem, Table } from './table.ts';

export interface BlobPlace {
  readonly table: Pick<Table, 'putBlob'>;
  /** The nonce of the entry. */
  readonly nonce: string;
  readonly inlineBytesMax: number;
}

export interface PlacedFrames {
  readonly frames: readonly ChangeFrame[];
  /** The blobs that were written for the frames. */
  readonly blobs: readonly string[];
}

/** An entry or an item points to a blob that is not there. */
export class MissingBlob extends StoreError {
  constructor(where: string, hash: string) {
    super('corrupt', `${where} cannot be read: its blob ${hash} is missing`);
  }
}

/** A reader that began so long ago may hold an object that was superseded meanwhile. Its blob may have expired by then. */
export function isLateForBlob(error: unknown, began: Reading, { clock, replicaLifeMs }: { clock: Clock; replicaLifeMs: number }): boolean {
  return error instanceof MissingBlob && isOlderThan(began, replicaLifeMs, clock);
}

/** Moves what is too large into blobs, the largest first; they are there before the entry that points to them. */
export async function placeBodies(changes: readonly PlannedChange[], place: BlobPlace): Promise<PlacedFrames> {
  const references = new Map<PlannedChange, Uint8Array>();
  const blobs: string[] = [];
  let excess = changes.reduce((sum, { frame }) => sum + frame.body.length, -place.inlineBytesMax);
  for (const planned of changes.toSorted((a, b) => b.frame.body.length - a.frame.body.length)) {
    if (excess <= 0) break;
    const { body } = planned.frame;
    const { hash, reference } = blobBody(body, place.nonce);
    const outcome = await place.table.putBlob(hash, body);
    if (outcome === 'unknown') throw new StoreError('unavailable', 'a large object could not be written');
    planned.change.blob = hash;
    references.set(planned, reference);
    blobs.push(hash);
    excess -= body.length;
  }
  return { frames: changes.map((planned) => placed(planned, references.get(planned))), blobs };
}

function placed({ frame, before }: PlannedChange, reference: Uint8Array | undefined): ChangeFrame {
  const previousBlob = before instanceof StoredObject ? before.blob : undefined;
  return { ...frame, ...(reference === undefined ? {} : { body: reference }), ...(previousBlob === undefined ? {} : { previousBlob }) };
}

/** The blobs that nothing but entries up to this one, and items that they replace, points to. */
export function supersededBlobs(entry: EntryItem): readonly string[] {
  return decodeFrames(entry).flatMap((frame) => {
    if (isMark(frame)) return [];
    const { type, body, previousBlob } = frame;
    return [previousBlob, type === 'deleted' ? blobHash(body) : undefined].filter((hash) => hash !== undefined);
  });
}
