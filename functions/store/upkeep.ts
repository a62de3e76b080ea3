/**
 * How far the watermark is behind, as this process knows it from what it applies and checkpoints: no reads of its own.
 * It decides whether a writer helps, and whether it may write at all where entries expire by themselves.
 */
import type { LogEntry } from './log-entry.ts';
import { isMark } from './entry-codec.ts';

interface Mark {
  readonly logIndex: number;
  readonly firstRevision: number;
  readonly count: number;
  readonly writtenMs: number;
}

/** Marks are set no closer than this: ages are that exact. */
const markEveryMs = 60_000;

export class Upkeep {
  #watermark = 0;
  #last: Mark | undefined;
  #lastChangeIndex = 0;
  /** Entries with changes above the watermark, now and then one; the first is the oldest that is not checkpointed. */
  #marks: Mark[] = [];

  get watermark(): number {
    return this.#watermark;
  }

  get entriesBehind(): number {
    return this.#last === undefined ? 0 : this.#last.logIndex - this.#watermark;
  }

  applied({ logIndex, firstRevision, writtenMs, contents }: LogEntry): void {
    const mark = { logIndex, firstRevision, count: contents.length, writtenMs };
    // The replica begins somewhere else: what is before is checkpointed.
    if (this.#last?.logIndex !== logIndex - 1) this.#startAt(logIndex - 1);
    this.#last = mark;
    if (contents.every(isMark)) return;
    this.#lastChangeIndex = logIndex;
    const before = this.#marks.at(-1);
    if (before === undefined || writtenMs - before.writtenMs >= markEveryMs) this.#marks.push(mark);
  }

  /** The watermark is at this entry, or further. */
  reached(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
    const above = this.#marks.findIndex(({ logIndex }) => logIndex > watermark);
    // The last mark that is not above stands for what was written soon after it, if anything was.
    const first = this.#marks[above]?.logIndex === watermark + 1 ? above : (above === -1 ? this.#marks.length : above) - 1;
    this.#marks = watermark >= this.#lastChangeIndex ? [] : this.#marks.slice(Math.max(0, first));
  }

  /** When the oldest change was written that is not checkpointed. */
  get oldestMs(): number | undefined {
    return this.#marks[0]?.writtenMs;
  }

  /** A revision up to which everything was written before that time, as great as the marks allow. */
  revisionBefore(ms: number): number {
    const index = this.#marks.findLastIndex(({ writtenMs }) => writtenMs + markEveryMs < ms);
    const last = this.#last;
    if (index === -1 || last === undefined) return 0;
    const next = this.#marks[index + 1];
    return next === undefined ? last.firstRevision + last.count - 1 : next.firstRevision - 1;
  }

  #startAt(watermark: number): void {
    this.#watermark = watermark;
    this.#marks = [];
  }
}
