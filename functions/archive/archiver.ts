/**
 * Brings entries of the log into the archive before the table forgets them. Any process may do it, any number at once: a run
 * of log entries is written by one of them, and the others go on from its end.
 */
import { uidOf } from '../kube/object.ts';
import { damageOf } from '../kube/unreadable-object.ts';
import { readableFrames } from '../store/entry-codec.ts';
import { BodyReader } from '../store/log-entry.ts';
import type { Formats } from '../store/format.ts';
import type { StoreLimits } from '../store/limits.ts';
import { readCheckpoint } from '../store/read-checkpoint.ts';
import { StoredObject } from '../store/stored-object.ts';
import { DamagedEntry } from '../store/store.ts';
import type { EntryItem, Table } from '../store/table.ts';
import type { World } from '../world.ts';
import { archivedChange, stepsAfter } from './archived-entries.ts';
import { type Catalog, type CatalogEntry, levels, Removed } from './catalog.ts';
import { Past } from './past.ts';
import { folderOf, shreddedFolders } from './shredding.ts';
import { type ArchivedChange, beginning, type LogPosition, type Step } from './step.ts';

export interface ArchiverLimits {
  /** In one run, unless one log entry has more. */
  readonly runChangesMax: number;
  /** Bytes of the inflated bodies in one run, unless one log entry has more. */
  readonly runBytesMax: number;
  /** A state is written after this many changes at least, */
  readonly stateChangesMin: number;
  /** and this many times as many as it has objects. */
  readonly stateChangesPerObject: number;
}

export const archiverLimits: ArchiverLimits = {
  runChangesMax: 10_000,
  runBytesMax: 16 * 1024 * 1024,
  stateChangesMin: 20_000,
  stateChangesPerObject: 3,
};

export interface ArchiverParts {
  readonly catalog: Catalog;
  readonly table: Table;
  readonly formats: Formats;
  readonly world: Pick<World, 'clock' | 'log'>;
  readonly storeLimits: Pick<StoreLimits, 'replicaLifeMs'>;
  readonly limits?: Partial<ArchiverLimits>;
}

export interface Archiver {
  /** Archives all log entries up to this revision that are there. */
  archive(throughRevision: number): Promise<void>;
}

export function createArchiver({ limits, ...parts }: ArchiverParts): Archiver {
  const archiver = new LogArchiver(parts, { ...archiverLimits, ...limits });
  return { archive: (throughRevision) => archiver.archive(throughRevision) };
}

interface Head {
  readonly place: LogPosition;
  /** The newest state, and how many changes came after it. */
  readonly state: CatalogEntry;
  readonly changes: number;
}

const isDamaged = (item: EntryItem): boolean => readableFrames(item) === undefined;

class LogArchiver {
  readonly #parts: Omit<ArchiverParts, 'limits'>;
  readonly #limits: ArchiverLimits;
  #head: Head | undefined;

  constructor(parts: Omit<ArchiverParts, 'limits'>, limits: ArchiverLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  async archive(throughRevision: number): Promise<void> {
    let head = await this.#currentHead();
    if (await this.#isBroken(head)) head = this.#head = await this.#begun();
    for (;;) {
      const steps = await this.#nextSteps(head.place, throughRevision);
      if (steps.length === 0) return;
      await this.#putKeys(steps.flatMap(({ changes }) => changes));
      const entry = await this.#parts.catalog.putRun('changes', { after: head.place, steps });
      head = { ...head, place: entry.last, changes: head.changes + entry.changes };
      if (this.#isStateDue(head)) head = { ...head, state: await this.#putState(head.place), changes: 0 };
      this.#head = head;
    }
  }

  /** Others may have gone further, and what they wrote may have been compacted since. */
  async #currentHead(): Promise<Head> {
    const head = this.#head;
    if (head !== undefined && (await this.#parts.catalog.end()) <= head.place.logIndex) return head;
    this.#head = (await this.#found()) ?? (await this.#begun());
    return this.#head;
  }

  /** Where those who archived before have come to. */
  async #found(): Promise<Head | undefined> {
    const { catalog } = this.#parts;
    const newest = (await catalog.states()).at(-1);
    const state = newest === undefined ? undefined : await catalog.state(newest);
    if (state === undefined) return undefined;
    let head: Head = { place: state.last, state, changes: 0 };
    for (const level of levels) {
      for (const first of await catalog.runs(level)) {
        if (first <= head.place.logIndex) continue;
        const run = await catalog.run(level, first);
        if (run !== undefined && run.after.logIndex === head.place.logIndex)
          head = { ...head, place: run.last, changes: head.changes + run.changes };
      }
    }
    return head;
  }

  /** An archive begins with a state; so it does where log entries are gone that were not archived. */
  async #begun(): Promise<Head> {
    const { catalog, table, world } = this.#parts;
    const meta = await table.readMeta();
    const isNew = meta.logIndex === 0 && meta.revision === 0;
    const state = isNew ? await catalog.putState({ after: beginning, steps: [] }) : await this.#stateOfTable();
    if (!isNew) world.log.info('the archive begins with the state of the table', { logIndex: state.last.logIndex });
    return { place: state.last, state, changes: 0 };
  }

  async #isBroken({ place }: Head): Promise<boolean> {
    const [first] = (await this.#parts.table.readEntries(place.logIndex, 1)).entries;
    if (first === undefined || (first.logIndex === place.logIndex + 1 && !isDamaged(first))) return false;
    // What a damaged entry did is in the table's state once the watermark has passed it.
    if (isDamaged(first) && (await this.#parts.table.readMeta()).logIndex < first.logIndex) return false;
    this.#parts.world.log.error('entries of the log are gone that were not archived', { after: place.logIndex, next: first.logIndex });
    return true;
  }

  async #stateOfTable(): Promise<CatalogEntry> {
    const { table, formats, world, storeLimits, catalog } = this.#parts;
    const bodies = new BodyReader(table, undefined, formats);
    const checkpoint = await readCheckpoint({ table, bodies, clock: world.clock, limits: storeLimits });
    const changes: ArchivedChange[] = [];
    for (const stored of checkpoint.objects) {
      const { key, revision } = stored;
      // What cannot be read now has no past that could be shown.
      if (!(stored instanceof StoredObject) || damageOf(stored) !== undefined) continue;
      const { object } = stored;
      const { body } = formats.write({ key, body: stored.body, envelope: stored.envelope }, checkpoint.format.writes);
      changes.push(await archivedChange({ table, formats }, { type: 'added', key, uid: uidOf(object), revision, body }));
    }
    const { logIndex, writtenMs } = await table.readMeta();
    const timeMs = logIndex === checkpoint.logIndex && writtenMs !== undefined ? writtenMs : world.clock.now();
    const place: LogPosition = { logIndex: checkpoint.logIndex, revision: checkpoint.revision, timeMs };
    await this.#putKeys(changes);
    return catalog.putState({ after: beginning, steps: [{ place, changes: changes.sort((a, b) => a.revision - b.revision) }] });
  }

  /** Entries for one run. It ends before a damaged one, which fails the next run. */
  async #nextSteps(after: LogPosition, throughRevision: number): Promise<Step[]> {
    const steps: Step[] = [];
    try {
      await this.#takeSteps(steps, after, throughRevision);
    } catch (error) {
      if (!(error instanceof DamagedEntry) || steps.length === 0) throw error;
    }
    return steps;
  }

  async #takeSteps(steps: Step[], after: LogPosition, throughRevision: number): Promise<void> {
    let [changes, bytes] = [0, 0];
    for await (const step of stepsAfter(this.#parts, after)) {
      if (step.place.revision > throughRevision) return;
      changes += step.changes.length;
      bytes += step.changes.reduce((sum, { body }) => sum + body.bytes.length, 0);
      if (steps.length > 0 && (changes > this.#limits.runChangesMax || bytes > this.#limits.runBytesMax)) return;
      steps.push(step);
    }
  }

  /** Writes the keys of changes: before the run that names them. */
  async #putKeys(changes: readonly ArchivedChange[]): Promise<void> {
    const { files } = this.#parts.catalog;
    const envelopes = new Map<string, Uint8Array>();
    for (const { body } of changes) if (body.kind === 'sealed' && body.envelope !== undefined) envelopes.set(body.keyFile, body.envelope);
    if (envelopes.size === 0) return;
    const shredded = await shreddedFolders(files);
    for (const [keyFile, envelope] of envelopes) if (!shredded.has(folderOf(keyFile))) await files.create(keyFile, envelope);
  }

  #isStateDue({ state, changes }: Head): boolean {
    const { stateChangesMin, stateChangesPerObject } = this.#limits;
    return changes >= Math.max(stateChangesMin, stateChangesPerObject * state.changes);
  }

  async #putState(place: LogPosition): Promise<CatalogEntry> {
    const { catalog, formats } = this.#parts;
    const built = await new Past({ catalog, formats }).builtAt({ revision: place.revision });
    if (built.place.logIndex !== place.logIndex)
      throw new Removed(`the archive ends at log entry ${built.place.logIndex}, before log entry ${place.logIndex}`);
    return catalog.putState({
      after: beginning,
      steps: [
        {
          place,
          changes: [...built.changes()].map((change) => ({ ...change, type: 'added' as const })).sort((a, b) => a.revision - b.revision),
        },
      ],
    });
  }
}
