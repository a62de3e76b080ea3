/**
 * Which formats a version of this code reads, and how it writes the one that the store has. The log says from which
 * revision on a newer format is written; every process learns that in log order, so no process writes an older one behind it.
 *
 *     before `finalize`   items of format n are read and written; older versions work beside this one
 *     after it            new items are of format m; older ones are read as such, and rewritten by housekeeping
 *     settled             no item of format n is left, and no reader needs a slot that holds one
 *
 * An object's body of a format that differs from the first names it, in two bytes before the rest (`formatMark`).
 */
import type { Key } from '../kube/view.ts';
import { StoreError } from './store.ts';
import type { MetaItem } from './table.ts';

/** How a store is written, as its log says. */
export interface FormatState {
  /** What new items are written in. */
  readonly writes: number;
  /** The oldest that an item may still have. */
  readonly oldest: number;
  /** The version of Hibernetes that first read the format. */
  readonly needs?: string;
}

/** A body as it stands in the table, without its mark; `encodeBody` and `inflateBody` write and read its text. */
export interface FormatItem {
  readonly key: Key;
  readonly body: Uint8Array;
}

/** From one format to the next. Pure: the same item gives the same body, and `down` takes back what `up` did. */
export interface FormatStep {
  /** The version of Hibernetes that first read what it leads to. */
  readonly since: string;
  /** For people: what is written in another way. */
  readonly title: string;
  /** Bodies of other resources stay as they are. */
  concerns(resource: string): boolean;
  up(item: FormatItem): Uint8Array;
  down(item: FormatItem): Uint8Array;
}

/** The one that stores had before there were steps. */
export const firstFormat = 3;
/** The first byte of a body that names its format in the second one. */
const formatMark = 254;
const markBytes = 2;

export const firstState: FormatState = { writes: firstFormat, oldest: firstFormat };

export class Formats {
  readonly #steps: readonly FormatStep[];

  /** In order, the first one leading to the format after the first. */
  constructor(steps: readonly FormatStep[]) {
    this.#steps = steps;
  }

  get newest(): number {
    return firstFormat + this.#steps.length;
  }

  /** How a store begins that this version makes. */
  get created(): FormatState {
    return this.stateOf(this.newest, this.newest);
  }

  stateOf(writes: number, oldest: number): FormatState {
    const step = this.#steps[writes - firstFormat - 1];
    return { writes, oldest, ...(step === undefined ? {} : { needs: step.since }) };
  }

  /** The steps that lead from one format to the newest. */
  stepsAfter(format: number): readonly FormatStep[] {
    return this.#steps.slice(format - firstFormat);
  }

  /** Throws when this version cannot read what is so written. */
  check({ writes, oldest, needs }: FormatState, what: string): void {
    const reads = `this version reads ${this.newest === firstFormat ? `format ${firstFormat}` : `formats ${firstFormat} to ${this.newest}`}`;
    if (writes > this.newest) {
      const reader = needs === undefined ? 'a later version of hibernetes' : `hibernetes ${needs} or later`;
      throw new StoreError('wrong-format', `${what} has format ${writes}, which needs ${reader}; ${reads}`);
    }
    if (oldest < firstFormat)
      throw new StoreError('wrong-format', `${what} has format ${oldest}, which needs an earlier version of hibernetes; ${reads}`);
  }

  /** The format of a resource's bodies in a store that is written so: that of the last step which concerns it. */
  ofResource(resource: string, writes: number): number {
    let format = firstFormat;
    for (let to = firstFormat + 1; to <= writes; to += 1) if (this.#step(to).concerns(resource)) format = to;
    return format;
  }

  /** The body in the newest format, and the format that it has in the table. */
  read({ key, body }: FormatItem, where: string): { readonly body: Uint8Array; readonly format: number } {
    const format = body[0] === formatMark ? (body[1] ?? 0) : firstFormat;
    this.check({ writes: format, oldest: format }, where);
    let read = format === firstFormat ? body : body.subarray(markBytes);
    for (const step of this.stepsAfter(format)) if (step.concerns(key.resource)) read = step.up({ key, body: read });
    return { body: read, format };
  }

  /** The body as a table gets it whose store writes this format. */
  write({ key, body }: FormatItem, writes: number): Uint8Array {
    let written = body;
    for (const step of this.stepsAfter(writes).toReversed()) if (step.concerns(key.resource)) written = step.down({ key, body: written });
    const format = this.ofResource(key.resource, writes);
    return format === firstFormat ? written : Buffer.concat([Buffer.of(formatMark, format), written]);
  }

  #step(to: number): FormatStep {
    const step = this.#steps[to - firstFormat - 1];
    if (step === undefined) throw new StoreError('wrong-format', `format ${to} is not known to this version`);
    return step;
  }
}

/** What stands in the place of a watermark in a table that this version makes. */
export function firstMeta({ created }: Formats = currentFormats): MetaItem {
  return { slot: 0, revision: 0, ...(created.writes === firstFormat ? {} : { format: created }) };
}

/** Those of this version. A step is added with golden data of the format before it (test/golden). */
export const currentFormats = new Formats([]);
