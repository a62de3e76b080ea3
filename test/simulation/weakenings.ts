/**
 * The store's safety rules, each with the edit that takes it out: a simulation that does not notice is none. Some rules
 * are needed so rarely that hundreds of seeds miss nothing; the model shows those. The watermark is read first, and
 * nothing is done long after it: no item put, no watermark moved, no checkpoint read. Tombstones are renewed.
 */
import type { Edit } from './weakened-store.ts';
import type { TableWeakness } from './witnessed-table.ts';

export interface Weakening {
  /** The rule that no longer holds. */
  readonly without: string;
  readonly edits?: readonly Edit[];
  readonly table?: TableWeakness;
  /** The loss is noticed with one of the seeds from 1 to this. */
  readonly seeds: number;
}

const infinite = 'Number.POSITIVE_INFINITY';

export const weakenings: readonly Weakening[] = [
  {
    without: 'a log entry is put soon after the head was seen',
    edits: [{ file: 'limits.ts', from: 'headLifeMs: 5000', to: `headLifeMs: ${infinite}` }],
    seeds: 120,
  },
  {
    without: 'a replica that is too old looks at the watermark first',
    edits: [{ file: 'limits.ts', from: 'replicaLifeMs: 60 * minute', to: `replicaLifeMs: ${infinite}` }],
    seeds: 40,
  },
  {
    without: 'time is told by the clock that does not stand still, too',
    edits: [{ file: 'reading.ts', from: 'wallMs < 0 || wallMs > ms || ', to: '' }],
    seeds: 60,
  },
  {
    without: 'undecided bytes go to the same place again',
    edits: [
      {
        file: 'committer.ts',
        from: "      return 'unknown';\n    }\n    if (appended",
        to: "      return 'taken';\n    }\n    if (appended",
      },
    ],
    seeds: 20,
  },
  {
    without: 'a writer knows its own log entry by the nonce',
    edits: [
      { file: 'committer.ts', from: ' && appended.by.nonce !== item.nonce', to: '' },
      { file: 'committer.ts', from: 'found.nonce === item.nonce', to: 'false' },
    ],
    seeds: 20,
  },
  {
    without: 'errors are answered at a fresh head',
    edits: [
      {
        file: 'committer.ts',
        from: 'if (!isWritten) await tail.fresh();',
        to: 'if (!isWritten && draft.contents.length > 0) await tail.fresh();',
      },
    ],
    seeds: 10,
  },
  {
    without: 'a blob is there before the log entry that points to it',
    edits: [{ file: 'blobs.ts', from: "if (outcome === 'unknown') throw", to: "if (outcome === 'unknown' && body.length === 0) throw" }],
    seeds: 60,
  },
  {
    without: 'a blob that was superseded stays as long as its log entry',
    edits: [
      { file: 'write-checkpoint.ts', from: 'expireBlobs(superseded, clock.now() + limits.entryLifeMs)', to: 'expireBlobs(superseded, 0)' },
    ],
    seeds: 60,
  },
  {
    without: 'a change names the blob that it supersedes',
    edits: [
      {
        file: 'blobs.ts',
        from: 'before instanceof StoredObject ? before.blob : undefined',
        to: 'before instanceof StoredObject ? undefined : undefined',
      },
    ],
    seeds: 20,
  },
  {
    without: 'a worker that was replaced writes nothing',
    edits: [
      {
        file: 'epoch.ts',
        from: 'if (readObject(view.get(key))?.metadata.uid === uid) return',
        to: 'if (readObject(view.get(key))?.metadata.uid !== undefined) return',
      },
    ],
    seeds: 60,
  },
  {
    without: 'a query is shared only by those who came before it began',
    edits: [
      { file: 'tail.ts', from: 'this.#next ??= this.#afterRunning(this.#running);\n    return this.#next;', to: 'return this.#running;' },
    ],
    seeds: 150,
  },
  {
    without: 'a list is as new as what was applied, not as the head',
    edits: [
      { file: 'replica.ts', from: '  #logIndex = 0;\n', to: '  head = 0;\n  #logIndex = 0;\n' },
      {
        file: 'tail.ts',
        from: 'const page = await table.readEntries(replica.logIndex);',
        to: 'const page = await table.readEntries(replica.logIndex);\n      for (const { firstRevision, count } of page.entries) Object.assign(replica, { head: firstRevision + count - 1 });',
      },
      {
        file: 'create-store.ts',
        from: 'this.#snapshot = this.#replica.snapshot();',
        to: "this.#snapshot = Object.assign(this.#replica.snapshot(), { revision: Math.max(this.#replica.revision, this.#replica['head']) });",
      },
    ],
    seeds: 150,
  },
  {
    without: 'the watermark moves when all items are in',
    edits: [{ file: 'write-checkpoint.ts', from: 'items, reading))) return false;', to: 'items, reading))) void 0;' }],
    seeds: 60,
  },
  {
    without: 'items stop at the compact revision',
    edits: [
      {
        file: 'create-store.ts',
        from: '    const { compactRevision } = this.#replica;\n    try',
        to: '    const compactRevision = this.#replica.revision;\n    try',
      },
    ],
    seeds: 10,
  },
  {
    without: 'a checkpoint is of one revision',
    edits: [{ file: 'read-checkpoint.ts', from: 'while (revision < newest) {', to: 'while (revision < 0) {' }],
    seeds: 20,
  },
  {
    without: 'a checkpoint above which there are old log entries is brought to the compact revision',
    edits: [{ file: 'read-checkpoint.ts', from: 'if (tombstoneLifeMs === undefined ||', to: 'if (tombstoneLifeMs !== 0 ||' }],
    seeds: 150,
  },
  { without: 'a deletion leaves a tombstone', table: 'forgets tombstones', seeds: 30 },
  { without: 'an item is put only over an older one', table: 'puts older items', seeds: 20 },
  { without: 'the watermark moves only from where it was read', table: 'moves the watermark from anywhere', seeds: 80 },
];
