/**
 * How long the failed pod of a node is left alone before another one replaces it. It is kept in the note for the next reconcile.
 * Source: client-go, util/flowcontrol/backoff.go; pkg/controller/daemon/daemon_controller.go, failedPodsBackoff.
 */
import type { Note } from '../../workers/controller.ts';

const delayMsMin = 1_000;
const delayMsMax = 15 * 60_000;
/** A node that had no failure for so long begins anew. */
const forgottenAfterMs = 2 * delayMsMax;

interface Entry {
  readonly delayMs: number;
  readonly sinceMs: number;
}

export class FailedPodsBackOff {
  readonly #nowMs: number;
  readonly #generation: number;
  readonly #entries = new Map<string, Entry>();

  /** Failures under an older `generation` of the DaemonSet do not count. */
  constructor(note: Note, generation: number, nowMs: number) {
    this.#nowMs = nowMs;
    this.#generation = generation;
    for (const [key, delayMs] of Object.entries(note)) {
      const [field, of, nodeName = ''] = key.split(' ');
      const sinceMs = note[`since ${of} ${nodeName}`];
      if (field !== 'delay' || of !== String(generation) || sinceMs === undefined) continue;
      if (nowMs - sinceMs <= forgottenAfterMs) this.#entries.set(nodeName, { delayMs, sinceMs });
    }
  }

  /** How long the node's failed pod stays yet; undefined when it may be replaced now. */
  waitMs(nodeName: string): number | undefined {
    const entry = this.#entries.get(nodeName);
    const leftMs = entry === undefined ? 0 : entry.sinceMs + entry.delayMs - this.#nowMs;
    return leftMs > 0 ? leftMs : undefined;
  }

  replaced(nodeName: string): void {
    const before = this.#entries.get(nodeName);
    const delayMs = before === undefined ? delayMsMin : Math.min(delayMsMax, 2 * before.delayMs);
    this.#entries.set(nodeName, { delayMs, sinceMs: this.#nowMs });
  }

  get note(): Note {
    return Object.fromEntries(
      [...this.#entries].flatMap(([nodeName, { delayMs, sinceMs }]) => [
        [`delay ${this.#generation} ${nodeName}`, delayMs],
        [`since ${this.#generation} ${nodeName}`, sinceMs],
      ]),
    );
  }

  /** When the last entry may be forgotten; undefined when there is none. */
  get forgottenInMs(): number | undefined {
    const ends = [...this.#entries.values()].map(({ sinceMs }) => sinceMs + forgottenAfterMs - this.#nowMs);
    return ends.length === 0 ? undefined : Math.max(0, ...ends) + 1;
  }
}
