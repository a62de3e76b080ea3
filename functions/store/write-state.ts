/** Writes a checkpoint of a process's own state, where the log cannot be read up to it. Loaded when that happens. */
import type { Stored } from '../kube/view.ts';
import type { Log } from '../world.ts';
import { blobReferenceOf } from './body.ts';
import type { Committer } from './committer.ts';
import { firstFormat, type Formats } from './format.ts';
import { keyText } from './keys.ts';
import { isOlderThan, readingOf } from './reading.ts';
import type { Checkpoint, Replica } from './replica.ts';
import { stateOf } from './replica-state.ts';
import { StoredObject } from './stored-object.ts';
import type { MetaItem, ObjectItem } from './table.ts';
import { passedBy, putAll, type WriteCheckpointParts } from './write-checkpoint.ts';

export interface DamageParts {
  readonly replica: Replica;
  readonly committer: Committer;
  readonly log: Log;
}

/** This process knows the state behind the entry. Once that is written down, no process needs the entry any more. */
export async function writePastDamage(parts: WriteCheckpointParts, { replica, committer, log }: DamageParts): Promise<void> {
  let state: StateAt | undefined;
  await committer.appendMark(() => {
    state = { ...stateOf(replica), writtenMs: parts.clock.now() };
    return { type: 'compaction', compactRevision: state.revision };
  });
  if (state !== undefined && (await writeState(parts, state)))
    log.warn('the state behind a damaged log entry has been written down', { revision: state.revision });
}

type StateAt = Checkpoint & { readonly writtenMs: number };

/**
 * Writes the whole state, where the entries up to it cannot be read one by one; returns whether the watermark moved to it. The
 * compact revision must have reached it. Blobs that those entries left behind stay in the table.
 */
async function writeState(parts: WriteCheckpointParts, state: StateAt): Promise<boolean> {
  const { table, clock, limits, reached } = parts;
  const reading = readingOf(clock);
  const meta = await table.readMeta();
  if (meta.logIndex >= state.logIndex) return false;
  const present = new Map((await table.readObjects()).map((item) => [keyText(item), item]));
  const nowMs = clock.now();
  const items: ObjectItem[] = [];
  for (const stored of state.objects) {
    const before = present.get(keyText(stored.key));
    present.delete(keyText(stored.key));
    if (before === undefined || before.revision < stored.revision)
      items.push(stateItem(stored, parts.formats, { writes: state.format.writes, nowMs }));
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

/** As its entry had it: a body that cannot be read stays as it is, and one in a blob stays there. */
function stateItem(stored: Stored, formats: Formats, { writes, nowMs }: { writes: number; nowMs: number }): ObjectItem {
  const { key, revision } = stored;
  if (!(stored instanceof StoredObject)) throw new Error('the state of a replica holds stored objects');
  const { body, envelope, blob, damage } = stored;
  const inTable = (): Uint8Array => (damage === undefined ? formats.write({ key, body, envelope }, writes).body : body);
  return { ...key, revision, writtenMs: nowMs, body: blob === undefined ? inTable() : blobReferenceOf(blob) };
}
