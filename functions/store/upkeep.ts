/**
 * How far the watermark is behind, as this process knows it from what it applies and materialises: no reads of its own.
 * It decides whether a writer helps, and whether it may write at all where slots expire by themselves.
 */
import type { LogSlot } from './log-slot.ts';
import { isMark } from './slot-codec.ts';

interface Mark {
  readonly slot: number;
  readonly firstRevision: number;
  readonly count: number;
  readonly writtenMs: number;
}

/** Marks are set no closer than this: ages are that exact. */
const markEveryMs = 60_000;

export class Upkeep {
  #watermark = 0;
  #last: Mark | undefined;
  #lastChangeSlot = 0;
  /** Slots with changes above the watermark, now and then one; the first is the oldest that is not materialised. */
  #marks: Mark[] = [];

  get watermark(): number {
    return this.#watermark;
  }

  get slotsBehind(): number {
    return this.#last === undefined ? 0 : this.#last.slot - this.#watermark;
  }

  applied({ slot, firstRevision, writtenMs, entries }: LogSlot): void {
    const mark = { slot, firstRevision, count: entries.length, writtenMs };
    // The replica begins somewhere else: what is before is materialised.
    if (this.#last?.slot !== slot - 1) this.#startAt(slot - 1);
    this.#last = mark;
    if (entries.every(isMark)) return;
    this.#lastChangeSlot = slot;
    const before = this.#marks.at(-1);
    if (before === undefined || writtenMs - before.writtenMs >= markEveryMs) this.#marks.push(mark);
  }

  /** The watermark is at this slot, or further. */
  reached(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
    const above = this.#marks.findIndex(({ slot }) => slot > watermark);
    // The last mark that is not above stands for what was written soon after it, if anything was.
    const first = this.#marks[above]?.slot === watermark + 1 ? above : (above === -1 ? this.#marks.length : above) - 1;
    this.#marks = watermark >= this.#lastChangeSlot ? [] : this.#marks.slice(Math.max(0, first));
  }

  /** When the oldest change was written that is not materialised. */
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
