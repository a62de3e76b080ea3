/** Remembers what happened, and the first promise that was broken. */
import type { Timeline } from './timeline.ts';

export interface Violation {
  readonly invariant: string;
  readonly what: string;
  /** The last things that happened before. */
  readonly history: readonly string[];
}

interface Note {
  readonly atMs: number;
  readonly who: string;
  readonly what: () => string;
}

const notesShown = 60;

export class Judge {
  readonly #timeline: Timeline;
  readonly #notes: Note[] = [];
  #violation: Violation | undefined;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** The text is made only if a caller reads it. */
  note(who: string, what: () => string): void {
    this.#notes.push({ atMs: this.#timeline.nowMs, who, what });
  }

  violated(invariant: string, what: string): void {
    if (this.#violation !== undefined) return;
    this.#violation = { invariant, what, history: this.#notes.slice(-notesShown).map((note) => this.#line(note)) };
    this.#timeline.stop();
  }

  check(holds: boolean, invariant: string, what: () => string): void {
    if (!holds) this.violated(invariant, what());
  }

  #line({ atMs, who, what }: Note): string {
    const seconds = ((atMs - this.#timeline.startMs) / 1000).toFixed(3);
    return `${seconds.padStart(12)}s  ${who.padEnd(10)} ${what()}`;
  }
}
