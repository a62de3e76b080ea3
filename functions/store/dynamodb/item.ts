/**
 * The items of the table, and what the port calls them. One letter names what a partition holds:
 *
 *     L entry   <cluster>#L#<log>#<index/64> <index>                               b first revision, n changes, w nonce,
 * t ms, e frames, x
 *     O object  <cluster>#O                  <place>/<resource>/<namespace>/<name> r revision, t ms, b body, or del and
 * x: a tombstone
 *                                         or <place>/!<digest>, and k: the parts, where they have no room in a key
 *     M meta    <cluster>#M#<log>            0                                     A index, Ar revision, t ms, P passed, B
 * superseded, f format, fo oldest, fv needs
 *     K note    <cluster>#K#<shard>          <name>                                r revision, b body
 *     P mail    <cluster>#P#<mailbox>        <number>                              b body, x
 *     B blob    <cluster>#B#<hash>           <part>                                n parts, b bytes
 *
 * All objects of a cluster are one item collection, so that one query reads a small cluster. Their place is a hash: what
 * is written spreads over it evenly, and DynamoDB splits a collection that is busy at a sort key.
 */
import { hash } from 'node:crypto';
import { StoreError } from '../store.ts';
import { damagedItem } from '../table.ts';
import type { NoteItem, MailItem, MetaItem, ObjectItem, EntryItem } from '../table.ts';
import { firstFormat, type FormatState, type Formats } from '../format.ts';
import { isPlainKey, keyDigest, keyText } from '../keys.ts';
import { formatNamed, nameOfFormat } from './table-schema.ts';

/** A value of the attribute types that the store uses. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
  readonly L?: readonly AttributeValue[];
}

export type Item = Record<string, AttributeValue>;

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/**
 * A partition takes a thousand write units a second: the log moves on to another one before that. Not sooner, since what
 * a process reads when it starts should be one bucket, mostly.
 */
export const entriesInBucket = 64;
/** Buckets read side by side, once it is clear that there is much to read. */
export const bucketsAtOnceMax = 8;
export const entriesPerPage = bucketsAtOnceMax * entriesInBucket;

/** There is one; the key has room for more. */
const log = 0;

class DamagedAttribute extends StoreError {
  readonly why: string;

  constructor(attribute: string, where: string) {
    const why = `its attribute ${attribute} is missing or of another type`;
    super('corrupt', `${where} cannot be read: ${why}`);
    this.why = why;
  }
}

/** As many digits as the largest safe integer has. */
const indexDigits = 16;
const partDigits = 4;
const mailDigits = 10;

export const bucketOf = (logIndex: number): number => Math.floor(logIndex / entriesInBucket);
export const bucketPartition = (cluster: string, bucket: number): string => `${cluster}#L#${log}#${bucket}`;
export const entrySortKey = (logIndex: number): string => `${logIndex}`.padStart(indexDigits, '0');
export const objectPartition = (cluster: string): string => `${cluster}#O`;
export const notePartition = (cluster: string, shard: number): string => `${cluster}#K#${shard}`;
export const mailPartition = (cluster: string, mailbox: string): string => `${cluster}#P#${mailbox}`;
export const mailSortKey = (number: number): string => `${number}`.padStart(mailDigits, '0');
export const blobPartition = (cluster: string, hash: string): string => `${cluster}#B#${hash}`;
export const partSortKey = (part: number): string => `${part}`.padStart(partDigits, '0');

export const entryKey = (cluster: string, logIndex: number): ItemKey => ({
  pk: bucketPartition(cluster, bucketOf(logIndex)),
  sk: entrySortKey(logIndex),
});
export const metaKey = (cluster: string): ItemKey => ({ pk: `${cluster}#M#${log}`, sk: '0' });

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: `${value}` });
const bytes = (value: Uint8Array): AttributeValue => ({ B: value });
/** A time in seconds: DynamoDB's times to live have that unit. */
export const seconds = (ms: number): AttributeValue => number(Math.ceil(ms / 1000));

const placeDigits = 4;
/** Places are below this. */
export const placesEnd = 16 ** placeDigits;
export const placeText = (place: number): string => place.toString(16).padStart(placeDigits, '0');
/** The place at the beginning of the sort key, of an object's item or of its key. */
export const placeOf = (item: Item): number => Number.parseInt(item['sk']?.S?.slice(0, placeDigits) ?? '', 16);

/** Source: DynamoDB developer guide, "Constraints in Amazon DynamoDB". */
const sortKeyBytesMax = 1024;

/** `k`: the parts of a key that has no room in the sort key. Also of one that could not be read back from it. */
function objectSortKey(item: ObjectItem): { readonly sk: string; readonly k?: AttributeValue } {
  const { resource, namespace, name } = item;
  const path = `${resource}/${namespace}/${name}`;
  const sk = `${hash('sha256', path).slice(0, placeDigits)}/${path}`;
  if (isPlainKey(item) && Buffer.byteLength(sk) <= sortKeyBytesMax) return { sk };
  const digest = keyDigest(item);
  const place = hash('sha256', digest).slice(0, placeDigits);
  return { sk: `${place}/${digest}`, k: text(keyText(item)) };
}

export const keyAttributes = ({ pk, sk }: ItemKey): Item => ({ pk: text(pk), sk: text(sk) });

export function entryAttributes(cluster: string, item: EntryItem, expiresMs: number): Item {
  return {
    ...keyAttributes(entryKey(cluster, item.logIndex)),
    b: number(item.firstRevision),
    n: number(item.count),
    w: text(item.nonce),
    t: number(item.writtenMs),
    e: bytes(item.frames),
    x: seconds(expiresMs),
  };
}

export function entryOf(item: Item): EntryItem {
  const logIndex = Number(item['sk']?.S);
  const where = `log entry ${logIndex}`;
  try {
    return wholeEntry(item, logIndex, where);
  } catch (error) {
    if (!(error instanceof DamagedAttribute) || !Number.isSafeInteger(logIndex)) throw error;
    return damagedItem(logIndex, error.why);
  }
}

function wholeEntry(item: Item, logIndex: number, where: string): EntryItem {
  return {
    logIndex,
    firstRevision: numberOf(item, 'b', where),
    count: numberOf(item, 'n', where),
    nonce: textOf(item, 'w', where),
    writtenMs: numberOf(item, 't', where),
    frames: bytesOf(item, 'e', where),
  };
}

/** Tombstones expire; objects stay. */
export function objectAttributes(cluster: string, item: ObjectItem, tombstoneLifeMs: number): Item {
  const { revision, writtenMs, body } = item;
  const { sk, ...parts } = objectSortKey(item);
  return {
    ...keyAttributes({ pk: objectPartition(cluster), sk }),
    ...parts,
    r: number(revision),
    t: number(writtenMs),
    ...(body === undefined ? { del: number(1), x: seconds(writtenMs + tombstoneLifeMs) } : { b: bytes(body) }),
  };
}

export function objectOf(item: Item): ObjectItem {
  const { k: parts } = item;
  const [resource = '', namespace = '', name = ''] =
    parts?.S === undefined ? textOf(item, 'sk', 'an object').split('/').slice(1) : (JSON.parse(parts.S) as string[]);
  const where = `object ${resource} ${namespace}/${name}`;
  const head = {
    resource,
    namespace,
    name,
    revision: numberOf(item, 'r', where),
    writtenMs: numberOf(item, 't', where),
  };
  return item['del'] === undefined ? { ...head, body: bytesOf(item, 'b', where) } : head;
}

export function metaAttributes(cluster: string, meta: MetaItem): Item {
  return {
    ...keyAttributes(metaKey(cluster)),
    A: number(meta.logIndex),
    Ar: number(meta.revision),
    ...(meta.writtenMs === undefined ? {} : { t: number(meta.writtenMs) }),
    ...(meta.passed === undefined ? {} : { P: { L: [meta.passed.logIndex, meta.passed.revision, meta.passed.atMs].map(number) } }),
    ...(meta.superseded === undefined ? {} : { B: { L: meta.superseded.map(text) } }),
    ...formatAttributes(meta.format),
  };
}

function formatAttributes(format: FormatState | undefined): Item {
  if (format === undefined) return { f: text(nameOfFormat(firstFormat)) };
  const { writes, oldest, needs } = format;
  return { f: text(nameOfFormat(writes)), fo: number(oldest), ...(needs === undefined ? {} : { fv: text(needs) }) };
}

export function metaOf(item: Item, formats: Formats): MetaItem {
  const format = formatOf(item, formats);
  const where = 'the watermark';
  return {
    logIndex: numberOf(item, 'A', where),
    revision: numberOf(item, 'Ar', where),
    ...(item['t'] === undefined ? {} : { writtenMs: numberOf(item, 't', where) }),
    ...passedOf(item['P']?.L),
    ...(format.writes === firstFormat ? {} : { format }),
    ...(item['B']?.L === undefined ? {} : { superseded: item['B'].L.map((hash) => textOf({ hash }, 'hash', where)) }),
  };
}

function passedOf(place: Item[string]['L']): Pick<MetaItem, 'passed'> {
  const [logIndex, revision, atMs] = (place ?? []).map(({ N }) => Number(N));
  return logIndex === undefined || revision === undefined || atMs === undefined ? {} : { passed: { logIndex, revision, atMs } };
}

/** Throws when this version does not read the table. */
export function formatOf(meta: Item, formats: Formats): FormatState {
  const { f, fo: oldest, fv: needs } = meta;
  const writes = formatNamed(f?.S ?? '');
  if (writes === undefined) throw new StoreError('wrong-format', `the table has the unknown format "${f?.S ?? 'none'}"`);
  const format = {
    writes,
    oldest: oldest === undefined ? writes : numberOf(meta, 'fo', 'the watermark'),
    ...(needs?.S === undefined ? {} : { needs: needs.S }),
  };
  formats.check(format, 'the table');
  return format;
}

export function noteAttributes(cluster: string, { shard, name, revision, body }: NoteItem): Item {
  return { ...keyAttributes({ pk: notePartition(cluster, shard), sk: name }), r: number(revision), b: bytes(body) };
}

export function noteOf(item: Item, shard: number): NoteItem {
  const name = textOf(item, 'sk', 'a note');
  return { shard, name, revision: numberOf(item, 'r', `note ${name}`), body: bytesOf(item, 'b', `note ${name}`) };
}

export function mailAttributes(cluster: string, { mailbox, number: place, body, expiresMs }: MailItem): Item {
  const key = { pk: mailPartition(cluster, mailbox), sk: mailSortKey(place) };
  return { ...keyAttributes(key), b: bytes(body), x: seconds(expiresMs) };
}

export function mailOf(item: Item, mailbox: string): MailItem {
  const where = `mail of ${mailbox}`;
  const number = Number(textOf(item, 'sk', where));
  return { mailbox, number, expiresMs: numberOf(item, 'x', where) * 1000, body: bytesOf(item, 'b', where) };
}

/** A part, so that each item stays below the service's limit of 400 KB. */
export function blobPartAttributes(cluster: string, hash: string, part: BlobPart): Item {
  return {
    ...keyAttributes({ pk: blobPartition(cluster, hash), sk: partSortKey(part.index) }),
    n: number(part.count),
    b: bytes(part.bytes),
  };
}

export interface BlobPart {
  readonly index: number;
  /** The number of the blob's parts. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

export function blobPartOf(item: Item, hash: string): BlobPart {
  const where = `blob ${hash}`;
  return { index: Number(textOf(item, 'sk', where)), count: numberOf(item, 'n', where), bytes: bytesOf(item, 'b', where) };
}

function numberOf(item: Item, attribute: string, where: string): number {
  const value = Number(item[attribute]?.N);
  if (!Number.isSafeInteger(value)) throw new DamagedAttribute(attribute, where);
  return value;
}

function textOf(item: Item, attribute: string, where: string): string {
  const value = item[attribute]?.S;
  if (value === undefined) throw new DamagedAttribute(attribute, where);
  return value;
}

function bytesOf(item: Item, attribute: string, where: string): Uint8Array {
  const value = item[attribute]?.B;
  if (value === undefined) throw new DamagedAttribute(attribute, where);
  return value;
}
