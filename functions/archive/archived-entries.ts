/** Entries of a table as the steps of an archive: a step for each log entry that changes objects. */
import { createHash } from 'node:crypto';
import type { Key } from '../kube/view.ts';
import { MissingBlob } from '../store/blobs.ts';
import { blobHash, inflateBody } from '../store/body.ts';
import type { Formats } from '../store/format.ts';
import { decodeFrames, isMark, type ChangeFrame } from '../store/entry-codec.ts';
import { UnknownClusterKey } from '../store/seal.ts';
import { isDamage } from '../store/stored-object.ts';
import type { EntryItem, Table } from '../store/table.ts';
import type { ArchivedBody, ArchivedChange, LogPosition, Step } from './step.ts';

export interface EntryParts {
  readonly table: Pick<Table, 'readBlob' | 'readEntries'>;
  readonly formats: Formats;
}

/** A change as the table has it. */
export interface TableChange {
  readonly type: ArchivedChange['type'];
  readonly key: Key;
  readonly uid: string;
  readonly revision: number;
  /** In the format that it has in the table; perhaps only the name of a blob. */
  readonly body: Uint8Array;
}

/** The file of an envelope: it lies below its object's uid, so that all of an object can be found. */
export const keyFileOf = (uid: string, envelope: Uint8Array): string =>
  `${keyFolderOf(uid)}${createHash('sha256').update(envelope).digest('hex').slice(0, keyFileDigits)}`;
/** A uid is what a client may have written: its digest is a name of files. */
export const keyFolderOf = (uid: string): string => `keys/${createHash('sha256').update(uid).digest('hex').slice(0, keyFileDigits)}/`;
const keyFileDigits = 32;

/** `clockMs`: no step is earlier than the one before, though clocks that wrote the log entries may differ. */
export async function stepOf(parts: EntryParts, entry: EntryItem, clockMs: number): Promise<Step> {
  const changes: ArchivedChange[] = [];
  for (const [index, frame] of decodeFrames(entry).entries()) {
    if (!isMark(frame)) changes.push(await changeOf(parts, frame, entry.firstRevision + index));
  }
  return { place: placeOf(entry, clockMs), changes };
}

const placeOf = ({ logIndex, firstRevision, count, writtenMs }: EntryItem, clockMs: number): LogPosition => ({
  logIndex,
  revision: firstRevision + count - 1,
  timeMs: Math.max(writtenMs, clockMs),
});

const changeOf = async (parts: EntryParts, { type, key, uid, body }: ChangeFrame, revision: number): Promise<ArchivedChange> =>
  archivedChange(parts, { type, key, uid, revision, body });

export async function archivedChange({ table, formats }: EntryParts, { body, ...change }: TableChange): Promise<ArchivedChange> {
  const { key, uid, revision } = change;
  const where = `${key.resource} ${key.namespace}/${key.name} at revision ${revision}`;
  const hash = blobHash(body);
  const whole = hash === undefined ? body : await table.readBlob(hash);
  try {
    if (whole === undefined) throw new MissingBlob(where, hash ?? '');
    return { ...change, body: archivedBody(formats, { key, uid, body: whole }, where) };
  } catch (error) {
    if (!isDamage(error) || error instanceof UnknownClusterKey) throw error;
    return { ...change, body: unreadableBody };
  }
}

/** No JSON: an object that the store could not read is as unreadable in the past. */
const unreadableBody: ArchivedBody = { kind: 'json', bytes: new Uint8Array() };

function archivedBody(formats: Formats, { key, uid, body }: Pick<TableChange, 'key' | 'uid' | 'body'>, where: string): ArchivedBody {
  const sealed = formats.split({ key, body });
  if (sealed === undefined) return { kind: 'json', bytes: inflateBody(formats.read({ key, body }, where).body, where) };
  return { kind: 'sealed', bytes: sealed.rest, keyFile: keyFileOf(uid, sealed.envelope), envelope: sealed.envelope };
}

/** The steps after a place, as far as the table has them; it ends where a log entry is missing. */
export async function* stepsAfter(parts: EntryParts, after: LogPosition): AsyncGenerator<Step> {
  let place = after;
  for (;;) {
    const page = await parts.table.readEntries(place.logIndex);
    for (const item of page.entries) {
      if (item.logIndex !== place.logIndex + 1) return;
      const step = await stepOf(parts, item, place.timeMs);
      yield step;
      place = step.place;
    }
    if (!page.more || page.entries.length === 0) return;
  }
}
