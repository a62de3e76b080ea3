/**
 * Commits operations, many in one entry, one entry at a time. While an entry is undecided (no answer came), nothing else is
 * sent: the same bytes go to the same place until it is known who won.
 */
import type { Clock, Log, Random } from '../world.ts';
import { placeBodies } from './blobs.ts';
import type { StoreLimits } from './limits.ts';
import type { EntryContent, LogEntry } from './log-entry.ts';
import type { Ending, PlannedChange, Planner } from './plan.ts';
import { readingOf } from './reading.ts';
import type { Replica } from './replica.ts';
import { encodeFrames, isMark, type MarkFrame } from './entry-codec.ts';
import type { Operation } from './store.ts';
import { StoreError } from './store.ts';
import type { EntryItem, Table } from './table.ts';
import type { Tail } from './tail.ts';

export interface CommitterParts {
  readonly table: Table;
  readonly replica: Replica;
  readonly tail: Tail;
  readonly planner: Planner;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: StoreLimits;
}

interface Waiting {
  /** An operation, or the question which mark is to be set now; undefined: none. */
  readonly task: { readonly operation: Operation<unknown> } | { readonly mark: () => MarkFrame | undefined };
  readonly sinceMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** An entry to be written, and what it means for those who wait. */
interface Draft {
  readonly waiting: readonly Waiting[];
  readonly logIndex: number;
  readonly firstRevision: number;
  readonly endings: readonly Ending[];
  readonly contents: readonly EntryContent[];
  /** The contents that change objects. */
  readonly changes: readonly PlannedChange[];
}

const yieldMs = { least: 3, most: 10 };
const retryMs = { first: 20, most: 1000 };

export class Committer {
  readonly #parts: CommitterParts;
  #queue: Waiting[] = [];
  #running = false;
  #closed = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  commit<T>(operation: Operation<T>): Promise<T> {
    return this.#enqueue({ operation }) as Promise<T>;
  }

  /** Asks at the commit point for a mark, and appends it. */
  async appendMark(mark: () => MarkFrame | undefined): Promise<void> {
    await this.#enqueue({ mark });
  }

  close(): void {
    this.#closed = true;
    const queue = this.#queue;
    this.#queue = [];
    for (const waiting of queue) waiting.reject(closedError());
  }

  #enqueue(task: Waiting['task']): Promise<unknown> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, sinceMs: this.#parts.clock.monotonicMs(), resolve, reject });
      if (this.#running) return;
      this.#running = true;
      // A turn later: what is asked in the same breath shares the entry.
      void Promise.resolve().then(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) await this.#commitSome(this.#take());
    this.#running = false;
  }

  #take(): Waiting[] {
    const markAt = this.#queue.findIndex(({ task }) => 'mark' in task);
    const alone = markAt === 0 ? 1 : markAt;
    const count = Math.min(this.#parts.limits.entryOperationsMax, alone === -1 ? this.#queue.length : alone);
    return this.#queue.splice(0, count);
  }

  /** Answers each of the batch, or puts it back into the queue. Does not throw. */
  async #commitSome(batch: readonly Waiting[]): Promise<void> {
    try {
      if (await this.#commitBatch(batch)) await this.#letOthersGo();
    } catch (error) {
      // An answer given twice counts once: those that have theirs keep it.
      for (const waiting of batch) waiting.reject(error);
    }
  }

  /** Reports whether it won an entry after losing others. Ends because those that wait for too long are sent away. */
  async #commitBatch(batch: readonly Waiting[]): Promise<boolean> {
    const { tail, replica, limits } = this.#parts;
    for (let isContended = false; ;) {
      if (!tail.isConfirmedWithin(limits.headLifeMs)) await tail.fresh();
      const draft = this.#draft(this.#withoutLate(batch));
      const isWritten = draft.contents.length > 0 && (await this.#append(draft)) === 'written';
      if (!isWritten) await tail.fresh();
      // With nothing to write, errors and answers are true if the head has not moved since they were found.
      if (isWritten || (draft.contents.length === 0 && replica.logIndex === draft.logIndex - 1)) {
        this.#settle(draft);
        return isWritten && isContended;
      }
      isContended ||= draft.contents.length > 0;
    }
  }

  #withoutLate(batch: readonly Waiting[]): Waiting[] {
    const late = this.#late(batch);
    for (const waiting of late) waiting.reject(new StoreError('unavailable', 'other writers came first, for too long'));
    return batch.filter((waiting) => !late.includes(waiting));
  }

  #late(batch: readonly Waiting[]): Waiting[] {
    const { clock, limits } = this.#parts;
    return batch.filter(({ sinceMs }) => clock.monotonicMs() - sinceMs > limits.commitWaitMs);
  }

  #draft(waiting: readonly Waiting[]): Draft {
    const { replica, planner } = this.#parts;
    const place = { waiting, logIndex: replica.logIndex + 1, firstRevision: replica.revision + 1 };
    const first = waiting[0]?.task;
    if (first !== undefined && 'mark' in first) return { ...place, ...markDraft(first.mark()) };
    const operations = waiting.flatMap(({ task }) => ('operation' in task ? [task.operation] : []));
    const { endings, changes } = planner.plan(replica.snapshot(), operations, replica.format.writes);
    return { ...place, endings, changes, contents: changes.map(({ content }) => content) };
  }

  /** What found no room in the entry goes first into the next one. */
  #settle({ waiting, endings }: Draft): void {
    this.#queue.unshift(...waiting.slice(endings.length));
    for (const [index, ending] of endings.entries()) {
      const one = waiting[index];
      if (one !== undefined) settle(one, ending);
    }
  }

  async #letOthersGo(): Promise<void> {
    const { clock, random } = this.#parts;
    await clock.sleep(yieldMs.least + random.next() * (yieldMs.most - yieldMs.least));
  }

  /** Resolves only when it is decided whose entry it is. */
  async #append(draft: Draft): Promise<'written' | 'taken'> {
    const { random, clock, table, limits } = this.#parts;
    const { logIndex, firstRevision, contents } = draft;
    const writtenMs = clock.now();
    const nonce = random.uuid();
    const { frames, blobs } = await placeBodies(draft.changes, { table, nonce, inlineBytesMax: limits.inlineBytesMax });
    const marks = contents.filter(isMark);
    const item: EntryItem = {
      logIndex,
      firstRevision,
      count: contents.length,
      nonce,
      writtenMs,
      frames: encodeFrames([...marks, ...frames]),
    };
    for (let attempt = 0; ; attempt += 1) {
      try {
        if (attempt > 0) await this.#pauseUndecided(draft, attempt);
        const result = await this.#attempt(item, { logIndex, firstRevision, writtenMs, contents }, attempt > 0);
        if (result === 'taken') void this.#forget(blobs);
        if (result !== 'unknown') return result;
      } catch (error) {
        if (attempt === 0 || !(error instanceof StoreError)) throw error;
        throw new StoreError('unknown-outcome', 'it is not known whether it was written', { cause: error });
      }
    }
  }

  async #attempt(item: EntryItem, own: LogEntry, wasSent: boolean): Promise<'written' | 'taken' | 'unknown'> {
    const { table, tail, replica, clock, log, limits } = this.#parts;
    // Others may have brought the replica past this place meanwhile, and what was there may be removed.
    const isFree = replica.logIndex < item.logIndex && tail.isConfirmedWithin(limits.headLifeMs);
    const found = isFree ? 'absent' : await this.#check(item, wasSent);
    if (found !== 'absent') return found;
    const reading = readingOf(clock);
    const appended = await table.appendEntry(item, reading.nowMs);
    if (appended.outcome === 'unknown') {
      log.warn('a log entry was sent, and it is not known whether it was written', { logIndex: item.logIndex, cause: appended.cause });
      return 'unknown';
    }
    if (appended.outcome === 'taken' && appended.by.nonce !== item.nonce) return 'taken';
    tail.applyOwn(own, reading);
    return 'written';
  }

  /** What is at the place where an attempt may have landed, by reading. */
  async #check(item: EntryItem, wasSent: boolean): Promise<'absent' | 'written' | 'taken' | 'unknown'> {
    const { table, tail, replica } = this.#parts;
    try {
      await tail.fresh();
      if (replica.logIndex < item.logIndex) return 'absent';
      if (!wasSent) return 'taken';
      const [found] = (await table.readEntries(item.logIndex - 1, 1)).entries;
      if (found?.logIndex !== item.logIndex)
        throw new StoreError('unknown-outcome', `log entry ${item.logIndex} has been removed meanwhile`);
      return found.nonce === item.nonce ? 'written' : 'taken';
    } catch (error) {
      if (error instanceof StoreError && error.code === 'unavailable') return 'unknown';
      throw error;
    }
  }

  async #pauseUndecided(draft: Draft, attempt: number): Promise<void> {
    const { clock } = this.#parts;
    if (this.#closed) throw closedError();
    for (const waiting of this.#late(draft.waiting))
      waiting.reject(new StoreError('unknown-outcome', 'the table does not report whether it was written'));
    const late = new Set(this.#late(this.#queue));
    for (const waiting of late) waiting.reject(new StoreError('unavailable', 'the table does not answer'));
    this.#queue = this.#queue.filter((waiting) => !late.has(waiting));
    await clock.sleep(Math.min(retryMs.most, retryMs.first * 2 ** (attempt - 1)));
  }

  /** The draft lost: what was written for it alone is of no use. Should that fail, it stays. */
  async #forget(blobs: readonly string[]): Promise<void> {
    const { table, clock, log, limits } = this.#parts;
    if (blobs.length === 0) return;
    await table.expireBlobs(blobs, clock.now() + limits.entryLifeMs).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      log.warn('blobs that nobody needs stay in the table', { error });
    });
  }
}

function markDraft(mark: MarkFrame | undefined): Pick<Draft, 'endings' | 'contents' | 'changes'> {
  const settled = (): undefined => undefined;
  if (mark === undefined) return { endings: [{ outcome: 'answered', settle: settled }], contents: [], changes: [] };
  return { endings: [{ outcome: 'written', settle: settled }], contents: [mark], changes: [] };
}

const closedError = (): StoreError => new StoreError('unavailable', 'the store is closed');

function settle(waiting: Waiting, ending: Ending): void {
  if (ending.outcome === 'refused') return waiting.reject(ending.error);
  try {
    waiting.resolve(ending.settle());
  } catch (error) {
    waiting.reject(error);
  }
}
