/** Reads past states: from the archive, and for newer changes from the table. */
import type { Formats } from '../store/format.ts';
import { StoreError } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import { stepsAfter } from './archived-entries.ts';
import { type Catalog, type CatalogEntry, levels, Removed } from './catalog.ts';
import { Envelopes } from './past-object.ts';
import { type PastSnapshot, SnapshotBuilder } from './past-snapshot.ts';
import { isAfter, type Moment, type LogPosition, type Step } from './step.ts';

export interface PastOptions {
  readonly catalog: Catalog;
  readonly formats: Formats;
  /** Absent where the table is lost: the past ends with the archive. */
  readonly table?: Pick<Table, 'readEntries' | 'readBlob'>;
}

/** Each time, a compaction removed what was being read. */
const attemptsMax = 5;

const timeText = (timeMs: number): string => new Date(timeMs).toISOString();

export class Past {
  readonly #catalog: Catalog;
  readonly #formats: Formats;
  readonly #table: PastOptions['table'];
  readonly envelopes: Envelopes;

  constructor({ catalog, formats, table }: PastOptions) {
    this.#catalog = catalog;
    this.#formats = formats;
    this.#table = table;
    this.envelopes = new Envelopes(catalog.files, formats);
  }

  /** The state at a moment. StoreError `compacted` for what was not archived, or no longer is. */
  async snapshotAt(moment: Moment): Promise<PastSnapshot> {
    return (await this.builtAt(moment)).snapshot();
  }

  /** The same, not yet opened: what a state of the archive is made of. */
  async builtAt(moment: Moment): Promise<SnapshotBuilder> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      try {
        return await this.#build(moment);
      } catch (error) {
        if (!(error instanceof Removed)) throw error;
      }
    }
    throw new StoreError('unavailable', 'the archive was compacted while it was read');
  }

  async #build(moment: Moment): Promise<SnapshotBuilder> {
    const { state, next } = await this.#stateAt(moment);
    const builder = new SnapshotBuilder(state.last, this.envelopes);
    for (const step of (await this.#catalog.segment(state)).steps) builder.apply(step);
    for await (const step of this.steps(state.last)) {
      if (isAfter(step.place, moment)) return builder;
      builder.apply(step);
    }
    if (next !== undefined && next > builder.place.logIndex) throw notArchived(builder.place, await this.#catalog.state(next));
    return builder;
  }

  /** The last state that is not after the moment, and the log entry of the one behind it. */
  async #stateAt(moment: Moment): Promise<{ readonly state: CatalogEntry; readonly next: number | undefined }> {
    const logIndexes = await this.#catalog.states();
    let low = 0;
    let high = logIndexes.length;
    let state: CatalogEntry | undefined;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = await this.#catalog.state(logIndexes[middle] ?? 0);
      if (entry === undefined) throw new Removed('a state is gone');
      if (isAfter(entry.last, moment)) high = middle;
      else {
        low = middle + 1;
        state = entry;
      }
    }
    if (state !== undefined) return { state, next: logIndexes[low] };
    const first = logIndexes[0] === undefined ? undefined : await this.#catalog.state(logIndexes[0]);
    throw new StoreError(
      'compacted',
      first === undefined ? 'nothing is archived yet' : `the archive begins at ${timeText(first.last.timeMs)}`,
    );
  }

  /** The steps after a place, to the end of what there is now. Throws Removed when a compaction changes what is being read. */
  async *steps(after: LogPosition): AsyncGenerator<Step> {
    let place = after;
    for (let run = await this.#runBehind(place); run !== undefined; run = await this.#runBehind(place)) {
      const { steps } = await this.#catalog.segment(run);
      checkBoundary(run, steps, place);
      for (const step of steps) if (step.place.logIndex > place.logIndex) yield step;
      place = run.last;
    }
    if (this.#table === undefined) return;
    for await (const step of stepsAfter({ table: this.#table, formats: this.#formats }, place)) yield step;
  }

  /** The run that goes on after a place, which may lie within it. The last place has none. */
  async #runBehind({ logIndex }: LogPosition): Promise<CatalogEntry | undefined> {
    const exact = await this.#catalog.runAt(logIndex + 1);
    if (exact !== undefined) return exact;
    for (const level of levels) {
      const first = (await this.#catalog.runs(level)).findLast((firstIndex) => firstIndex <= logIndex);
      const entry = first === undefined ? undefined : await this.#catalog.run(level, first);
      if (entry !== undefined && entry.last.logIndex > logIndex) return entry;
    }
    return undefined;
  }
}

/** Within a coarser step, what came after the place is mixed with what came before it. */
function checkBoundary({ after }: CatalogEntry, steps: readonly Step[], { logIndex }: LogPosition): void {
  if (logIndex <= after.logIndex || steps.some(({ place }) => place.logIndex === logIndex)) return;
  throw new Removed(`log entry ${logIndex} is no end of a step any more`);
}

function notArchived({ timeMs }: LogPosition, next: CatalogEntry | undefined): StoreError {
  const until = next === undefined ? '' : ` to ${timeText(next.last.timeMs)}`;
  return new StoreError('compacted', `nothing was archived from ${timeText(timeMs)}${until}`);
}
