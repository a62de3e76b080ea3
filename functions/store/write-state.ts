/** Writes a checkpoint of a process's own state, where the log cannot be read up to it. Loaded when that happens. */
import type { Stored } from '../kube/view.ts';
import { blobReferenceOf } from './body.ts';
import { firstFormat, type Formats } from './format.ts';
import { isOlderThan, readingOf } from './reading.ts';
import type { Checkpoint } from './replica.ts';
import { StoredObject } from './stored-object.ts';
import type { MetaItem, ObjectItem } from './table.ts';
import { passedBy, placeOf, putAll, type WriteCheckpointParts } from './write-checkpoint.ts';

/**
 * Writes the whole state, where the entries up to it cannot be read one by one; returns whether the watermark moved to it. The
 * compact revision must have reached it. Blobs that those entries left behind stay in the table.
 */
export async function writeState(parts: WriteCheckpointParts, state: Checkpoint & { readonly writtenMs: number }): Promise<boolean> {
  const { table, clock, limits, reached } = parts;
  const reading = readingOf(clock);
  const meta = await table.readMeta();
  if (meta.logIndex >= state.logIndex) return false;
  const present = new Map((await table.readObjects()).map((item) => [placeOf(item), item]));
  const nowMs = clock.now();
  const items: ObjectItem[] = [];
  for (const stored of state.objects) {
    const before = present.get(placeOf(stored.key));
    present.delete(placeOf(stored.key));
    if (before === undefined || before.revision < stored.revision) items.push(stateItem(stored, parts.formats, { state, nowMs }));
  }
  for (const { body, ...gone } of present.values()) {
    if (body !== undefined && gone.revision < state.revision) items.push({ ...gone, revision: state.revision, writtenMs: nowMs });
  }
  if (!(await putAll(parts, items, reading))) return false;
  const { logIndex, revision, writtenMs, format } = state;
  const to: MetaItem = {
    logIndex,
    revision,
    writtenMs,
    passed: passedBy(meta, { logIndex, revision, atMs: nowMs }, limits),
    ...(format.writes === firstFormat ? {} : { format }),
  };
  if (isOlderThan(reading, limits.checkpointMs, clock)) return false;
  if ((await table.advanceMeta(meta.logIndex, to, reading.nowMs)) !== 'written') return false;
  reached(logIndex);
  return true;
}

interface StateAt {
  readonly state: Checkpoint;
  readonly nowMs: number;
}

/** As its entry had it: a body that cannot be read stays as it is, and one in a blob stays there. */
function stateItem(stored: Stored, formats: Formats, { state, nowMs }: StateAt): ObjectItem {
  const { key, revision } = stored;
  if (!(stored instanceof StoredObject)) throw new Error('the state of a replica holds stored objects');
  const { body, envelope, blob, damage } = stored;
  const inTable = (): Uint8Array => (damage === undefined ? formats.write({ key, body, envelope }, state.format.writes).body : body);
  return { ...key, revision, writtenMs: nowMs, body: blob === undefined ? inTable() : blobReferenceOf(blob) };
}
