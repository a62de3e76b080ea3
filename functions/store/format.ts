/**
 * Which formats a version of this code reads, and how it writes the one that the store has. The log records from which
 * revision on a newer format is written; every process learns that in log order, so no process writes an older one behind it.
 *
 *     before `finalize`   items of format n are read and written; older versions work beside this one
 *     after it            new items are of format m; older ones are read as such, and rewritten by housekeeping
 *     settled             no item of format n is left, and no reader needs an entry that holds one
 *
 * An object's body of a format that differs from the first names it, in two bytes before the rest (`formatMark`).
 */
import type { Key } from '../kube/view.ts';
import { encodeBody } from './body.ts';
import { envelopeBytes, type KeyRing, Sealing } from './seal.ts';
import { StoreError } from './store.ts';
import type { MetaItem } from './table.ts';

/** How a store is written, by its log. */
export interface FormatState {
  /** The format in which new items are written. */
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
  /** The envelope of a body that is sealed in the table. */
  readonly envelope?: Uint8Array | undefined;
}

/** A body as a table gets it. */
export type WrittenBody = Pick<FormatItem, 'body' | 'envelope'>;

/** A body that is sealed in the table, and the envelope without which it does not open. */
export interface SealedParts {
  readonly envelope: Uint8Array;
  /** The body without its envelope. */
  readonly rest: Uint8Array;
}

export const joined = ({ envelope, rest }: SealedParts): Uint8Array =>
  Buffer.concat([rest.subarray(0, markBytes), envelope, rest.subarray(markBytes)]);

/** A body in the newest format. */
export interface ReadBody extends WrittenBody {
  /** The one that it has in the table. */
  readonly format: number;
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
  /** From here on, bodies are sealed in the table. In a process they are not. */
  readonly seals?: boolean;
}

/** The one that stores had before there were steps. */
export const firstFormat = 3;
/** The first byte of a body that names its format in the second one. */
const formatMark = 254;
const markBytes = 2;
/** What is sealed reads so where there are no keys. */
const nothingShown = encodeBody('{"metadata":{}}');

export const firstState: FormatState = { writes: firstFormat, oldest: firstFormat };

export class Formats {
  readonly #steps: readonly FormatStep[];
  readonly #sealing: Sealing | undefined;

  /** In order, the first one leading to the format after the first. `keys`: for steps that seal. */
  constructor(steps: readonly FormatStep[], keys?: KeyRing) {
    this.#steps = steps;
    this.#sealing = keys && new Sealing(keys);
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

  read({ key, body }: FormatItem, where: string): ReadBody {
    const format = body[0] === formatMark ? (body[1] ?? 0) : firstFormat;
    this.check({ writes: format, oldest: format }, where);
    const bare = format === firstFormat ? body : body.subarray(markBytes);
    const opened: WrittenBody = this.#isSealed(key.resource, format) ? this.#opened({ key, body: bare }, where) : { body: bare };
    let read = opened.body;
    for (const step of this.stepsAfter(format)) if (step.concerns(key.resource)) read = step.up({ key, body: read });
    return { ...opened, body: read, format };
  }

  /** The body as a table gets it whose store writes this format. `envelope`: of the object until now. */
  write({ key, body, envelope }: FormatItem, writes: number): WrittenBody {
    let written = body;
    for (const step of this.stepsAfter(writes).toReversed()) if (step.concerns(key.resource)) written = step.down({ key, body: written });
    const format = this.ofResource(key.resource, writes);
    if (format === firstFormat) return { body: written };
    const sealed: WrittenBody = this.#isSealed(key.resource, format)
      ? this.#keys(key.resource).seal(key, written, envelope)
      : { body: written };
    return { ...sealed, body: Buffer.concat([Buffer.of(formatMark, format), sealed.body]) };
  }

  /** The two parts of a body that a table holds sealed; undefined for one that is not sealed. `joined` puts them together. */
  split({ key, body }: FormatItem): SealedParts | undefined {
    if (body[0] !== formatMark || !this.#isSealed(key.resource, body[1] ?? 0)) return undefined;
    const end = markBytes + envelopeBytes;
    return {
      envelope: Buffer.from(body.subarray(markBytes, end)),
      rest: Buffer.concat([body.subarray(0, markBytes), body.subarray(end)]),
    };
  }

  /** Whether an object of this format, with this envelope, is to be written anew. */
  isOld(resource: string, writes: number, { format, envelope }: Pick<ReadBody, 'format' | 'envelope'>): boolean {
    return format < this.ofResource(resource, writes) || (envelope !== undefined && this.#sealing?.isOld(envelope) === true);
  }

  /** Whether objects can become old without a newer format: their key is replaced. */
  isSealed(resource: string, writes: number): boolean {
    return this.#sealing !== undefined && this.#isSealed(resource, writes);
  }

  /** After a body named a key that was not known: whether it is worth another try. */
  async refreshKeys(): Promise<boolean> {
    const refreshing = this.#sealing?.refresh();
    await refreshing;
    return refreshing !== undefined;
  }

  #isSealed(resource: string, format: number): boolean {
    return this.#steps.slice(0, format - firstFormat).some((step) => step.seals === true && step.concerns(resource));
  }

  #opened({ key, body }: FormatItem, where: string): WrittenBody {
    return this.#sealing?.open(key, body, where) ?? { body: nothingShown };
  }

  #keys(what: string): Sealing {
    if (this.#sealing === undefined) throw new StoreError('wrong-format', `${what} is sealed, and the keys of the cluster are not there`);
    return this.#sealing;
  }

  #step(to: number): FormatStep {
    const step = this.#steps[to - firstFormat - 1];
    if (step === undefined) throw new StoreError('wrong-format', `format ${to} is not known to this version`);
    return step;
  }
}

/** What stands in the place of a watermark in a table that this version makes. */
export function firstMeta({ created }: Formats = currentFormats): MetaItem {
  return { logIndex: 0, revision: 0, ...(created.writes === firstFormat ? {} : { format: created }) };
}

const sealedResources: ReadonlySet<string> = new Set(['secrets']);

const sealedSecrets: FormatStep = {
  since: '0.1.0',
  title: 'Secrets are sealed with the key of their cluster',
  concerns: (resource) => sealedResources.has(resource),
  up: ({ body }) => body,
  down: ({ body }) => body,
  seals: true,
};

/** Those of this version where a cluster has keys. A step is added with golden data of the format before it (test/golden). */
export const sealedFormats = (keys: KeyRing): Formats => new Formats([sealedSecrets], keys);

/** For those who only ask how a store is written: sealed objects show nothing, and cannot be written. */
export const formatsWithoutKeys = new Formats([sealedSecrets]);

/** Those of this version where a cluster has none. */
export const currentFormats = new Formats([]);
