/**
 * What really is in the table, whatever the processes believe. It sees each write at the moment it is carried out. It
 * remembers all of the log even after log entries were removed. It reports at once when the log breaks a promise.
 */
import { blobHash, decodeBody } from '../../functions/store/body.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { Key } from '../../functions/kube/view.ts';
import { decodeFrames, isMark, type ChangeFrame, type Frame } from '../../functions/store/entry-codec.ts';
import type { MetaItem, ObjectItem, EntryItem } from '../../functions/store/table.ts';
import type { Judge } from './judge.ts';

/** One object as it truly is. `mark` names the operation that wrote it. */
export interface TrueObject {
  readonly key: Key;
  readonly revision: number;
  readonly uid: string;
  readonly mark: string;
  readonly color: string;
}

export interface TrueChange extends TrueObject {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly before: TrueObject | undefined;
}

export type TrueState = ReadonlyMap<string, TrueObject>;

/** Where the store keeps who its workers are. */
export const epochs = 'epochs.hibernetes.dev';

export const nameOf = ({ resource, namespace, name }: Key): string => `${resource}/${namespace}/${name}`;

export const markOf = (object: KubeObject): string => object.metadata.annotations?.['mark'] ?? '';

export const colorOf = (object: KubeObject): string => object.metadata.labels?.['color'] ?? '';

export class Truth {
  readonly #judge: Judge;
  readonly #entries = new Map<number, EntryItem>();
  readonly #changes: (TrueChange | undefined)[] = [];
  readonly #states: TrueState[] = [new Map()];
  readonly #compactRevisions: number[] = [0];
  readonly #entryEnds: number[] = [0];
  readonly #byMark = new Map<string, number[]>();
  readonly #refused = new Set<string>();
  /** Who may write what has this mark: the epoch's worker alone. */
  readonly #fenced = new Map<string, string>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #items = new Map<string, number>();
  /** Where each object's body lies, if in a blob. */
  readonly #blobOf = new Map<string, string>();
  readonly #supersededBlobs: { readonly revision: number; readonly hash: string }[] = [];
  #watermark: MetaItem = { logIndex: 0, revision: 0 };
  /** The last watermark that names blobs. */
  #notedIndex = 0;

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  get revision(): number {
    return this.#changes.length;
  }

  get compactRevision(): number {
    return this.#compactRevisions.at(-1)!;
  }

  get logIndex(): number {
    return this.#entries.size;
  }

  get watermark(): MetaItem {
    return this.#watermark;
  }

  stateAt(revision: number): TrueState {
    return this.#states[revision]!;
  }

  changesAfter(after: number, through = this.revision): TrueChange[] {
    return this.#changes.slice(after, through).filter((change) => change !== undefined);
  }

  /** The revisions that an operation has written. */
  revisionsOf(mark: string): readonly number[] {
    return this.#byMark.get(mark) ?? [];
  }

  changeAt(revision: number): TrueChange | undefined {
    return this.#changes[revision - 1];
  }

  /** The blobs of what was replaced or deleted up to the watermark. */
  get supersededBlobs(): readonly string[] {
    return this.#supersededBlobs.flatMap(({ revision, hash }) => (revision <= this.#watermark.revision ? [hash] : []));
  }

  /** The last revision of the log entry. */
  entryEnd(logIndex: number): number {
    return this.#entryEnds[logIndex]!;
  }

  /** The operation was answered with an error: it must not come to pass. */
  refuse(mark: string): void {
    this.#refused.add(mark);
  }

  /** What has this mark is written in this worker's epoch, or not at all. */
  fence(mark: string, worker: string): void {
    this.#fenced.set(mark, worker);
  }

  blob(hash: string, bytes: Uint8Array): void {
    this.#blobs.set(hash, bytes);
  }

  appended(item: EntryItem): void {
    const { logIndex, firstRevision, count } = item;
    this.#judge.note('table', () => `log entry ${logIndex} is written: revisions ${firstRevision} to ${firstRevision + count - 1}`);
    if (this.#entries.has(logIndex)) return this.#judge.violated('I2 write-once', `log entry ${logIndex} was written a second time`);
    if (logIndex !== this.#entries.size + 1)
      return this.#judge.violated('I1 log entry density', `log entry ${logIndex} was written, but the last is ${this.#entries.size}`);
    if (firstRevision !== this.revision + 1)
      return this.#judge.violated(
        'I3 revision density',
        `log entry ${logIndex} begins with revision ${firstRevision}, after ${this.revision}`,
      );
    this.#entries.set(logIndex, item);
    for (const frame of decodeFrames(item)) this.#add(frame);
    this.#entryEnds.push(this.revision);
    if (this.compactRevision >= this.revision)
      this.#judge.violated('I19 compact revision below head', `the compact revision is ${this.compactRevision}, the head ${this.revision}`);
  }

  #add(frame: Frame): void {
    if (isMark(frame)) {
      const compactRevision = frame.type === 'compaction' ? frame.compactRevision : this.compactRevision;
      if (compactRevision < this.compactRevision)
        this.#judge.violated('I19 compact revision', `the compact revision went back from ${this.compactRevision} to ${compactRevision}`);
      this.#changes.push(undefined);
      this.#states.push(this.#states.at(-1)!);
      this.#compactRevisions.push(compactRevision);
      return;
    }
    const revision = this.revision + 1;
    this.#supersede(frame, revision);
    const before = this.#states.at(-1)!.get(nameOf(frame.key));
    const object = this.#decode(frame.body);
    const { type, key, uid } = frame;
    const change: TrueChange = { type, key, revision, uid, mark: markOf(object), color: colorOf(object), before };
    this.#checkReplay(change, frame.previousRevision);
    this.#checkEpoch(change);
    if (this.#refused.has(change.mark))
      this.#judge.violated('I5 refused never', `${change.mark} was answered with an error, and is revision ${revision}`);
    this.#byMark.set(change.mark, [...(this.#byMark.get(change.mark) ?? []), revision]);
    const state = new Map(this.#states.at(-1)!);
    if (type === 'deleted') state.delete(nameOf(key));
    else state.set(nameOf(key), change);
    this.#changes.push(change);
    this.#states.push(state);
    this.#compactRevisions.push(this.compactRevision);
  }

  #supersede({ type, key, body }: ChangeFrame, revision: number): void {
    const own = blobHash(body);
    const before = this.#blobOf.get(nameOf(key));
    if (before !== undefined) this.#supersededBlobs.push({ revision, hash: before });
    this.#blobOf.delete(nameOf(key));
    if (own === undefined) return;
    if (type === 'deleted') this.#supersededBlobs.push({ revision, hash: own });
    else this.#blobOf.set(nameOf(key), own);
  }

  #checkEpoch({ mark, revision }: TrueChange): void {
    const worker = this.#fenced.get(mark);
    const now = [...this.#states.at(-1)!.values()].find(({ key }) => key.resource === epochs)?.uid;
    if (worker !== undefined && worker !== now)
      this.#judge.violated('I25 epochs', `${mark} is revision ${revision}, but the epoch is that of ${now}`);
  }

  #checkReplay({ type, key, revision, uid, before }: TrueChange, previousRevision: number): void {
    const shown = `revision ${revision}, ${type} ${nameOf(key)}`;
    if ((type === 'added') !== (before === undefined))
      this.#judge.violated('I6 replay', `${shown}, but it is ${before === undefined ? 'absent' : 'present'}`);
    if ((before?.revision ?? 0) !== previousRevision)
      this.#judge.violated('I6 replay', `${shown}: follows ${previousRevision}, but the last is ${before?.revision}`);
    if (before !== undefined && before.uid !== uid && key.resource !== epochs)
      this.#judge.violated('I6 replay', `${shown}: the uid changed from ${before.uid} to ${uid}`);
  }

  #decode(body: Uint8Array): KubeObject {
    const hash = blobHash(body);
    const blob = hash === undefined ? body : this.#blobs.get(hash);
    if (blob !== undefined) return decodeBody(blob, 'the truth');
    this.#judge.violated('blobs', `a log entry points to blob ${hash}, which is not there`);
    return { metadata: {} };
  }

  itemPut(item: ObjectItem): void {
    const name = nameOf(item);
    const known = this.#items.get(name) ?? 0;
    // A tombstone that vanished may be put again.
    const isAgain = item.revision === known && item.body === undefined;
    if (item.revision <= known && !isAgain)
      this.#judge.violated('I7 object revision', `the item of ${name} went from ${known} to ${item.revision}`);
    if (item.revision > this.revision) this.#judge.violated('I8 items', `the item of ${name} is ${item.revision}, beyond the head`);
    this.#items.set(name, item.revision);
  }

  advanced(to: MetaItem): void {
    this.#judge.note('table', () => `watermark ${to.logIndex}, revision ${to.revision}`);
    // Blobs that were noted with it may be struck out.
    if (to.logIndex === this.#notedIndex && to.logIndex === this.#watermark.logIndex && to.superseded === undefined) return;
    if (to.logIndex <= this.#watermark.logIndex)
      this.#judge.violated('I11 watermark', `it went from ${this.#watermark.logIndex} to ${to.logIndex}`);
    if (to.logIndex > this.logIndex || to.revision !== this.entryEnd(to.logIndex))
      this.#judge.violated('I11 watermark', `log entry ${to.logIndex} does not end with ${to.revision}`);
    if (to.revision > this.compactRevision)
      this.#judge.violated('I11 watermark', `revision ${to.revision} is above the compact revision ${this.compactRevision}`);
    this.#watermark = to;
    if (to.superseded !== undefined) this.#notedIndex = to.logIndex;
    this.#checkItems();
  }

  /** Each object item is at least as new as the log up to the watermark. */
  #checkItems(): void {
    const newest = new Map<string, number>();
    for (const change of this.changesAfter(0, this.#watermark.revision)) newest.set(nameOf(change.key), change.revision);
    for (const [name, revision] of newest) {
      const item = this.#items.get(name) ?? 0;
      if (item < revision)
        this.#judge.violated(
          'I8 items',
          `the watermark is ${this.#watermark.revision}, ${name} changed at ${revision}, its item is ${item}`,
        );
    }
  }
}
