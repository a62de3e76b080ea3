/** The store as of a place of the past: read only. Its watches replay what came after. */
import type { KubeObject } from '../kube/object.ts';
import type { Stored, StoreView } from '../kube/view.ts';
import { treeKey } from '../store/snapshot.ts';
import { firstState } from '../store/format.ts';
import type { Change, Selectable, Store, WatchBatch, WatchRequest } from '../store/store.ts';
import { StoreError } from '../store/store.ts';
import { selectable, type SelectableFields } from '../store/stored-object.ts';
import type { Clock } from '../world.ts';
import { Removed } from './catalog.ts';
import type { Past } from './past.ts';
import { type Envelopes, PastObject } from './past-object.ts';
import type { PastSnapshot } from './past-snapshot.ts';
import type { ArchivedChange, LogPosition, Step } from './step.ts';

export interface PastStoreOptions {
  readonly past: Past;
  readonly snapshot: PastSnapshot;
  readonly fields: SelectableFields;
  /** How many times as fast as it happened a watch replays. */
  readonly speed: number;
  readonly clock: Clock;
}

/** How often a replay that has come to the end of the past asks whether there is more. */
const moreEveryMs = 1000;

class PastChange extends PastObject implements Change {
  readonly type: Change['type'];
  readonly before: PastObject | undefined;
  readonly #fields: SelectableFields;

  constructor(
    change: ArchivedChange,
    before: PastObject | undefined,
    { envelopes, fields }: { envelopes: Envelopes; fields: SelectableFields },
  ) {
    super(change, envelopes);
    this.type = change.type === 'deleted' ? 'deleted' : before === undefined ? 'added' : 'modified';
    this.before = before;
    this.#fields = fields;
  }

  get previous(): Selectable | undefined {
    return this.before === undefined ? undefined : selectable(this.key.resource, this.before.object, this.#fields);
  }
}

export function createPastStore(options: PastStoreOptions): Store {
  const { snapshot } = options;
  const viewOf = (revision: number): StoreView => {
    if (revision > snapshot.revision)
      throw new StoreError('too-large-revision', `Too large resource version: ${revision}, current: ${snapshot.revision}`);
    return snapshot;
  };
  return {
    commit: async () => {
      throw new StoreError('unavailable', 'the past cannot be changed');
    },
    view: () => snapshot,
    fresh: async () => snapshot,
    notOlderThan: async (revision) => viewOf(revision),
    async at(revision) {
      if (revision === snapshot.revision) return snapshot;
      viewOf(revision);
      return options.past.snapshotAt({ revision });
    },
    compactRevision: () => 0,
    watch: (request) => replay(options, request),
    changesAfter: async () => [],
    before: async (change): Promise<Stored<KubeObject> | undefined> => (change instanceof PastChange ? change.before : undefined),
    onApplied: () => () => undefined,
    format: () => ({ ...firstState, newest: firstState.writes, objectsLeft: 0 }),
    finalizeFormat: async () => undefined,
    housekeep: async () => undefined,
    close: async () => undefined,
  };
}

/** What came after a revision, with the pauses that there were, divided by the speed. */
async function* replay(options: PastStoreOptions, request: WatchRequest): AsyncGenerator<WatchBatch> {
  try {
    yield* replayed(options, request);
  } catch (error) {
    if (!request.signal.aborted) throw error;
  }
}

async function* replayed(options: PastStoreOptions, { resource, namespace, after, signal }: WatchRequest): AsyncGenerator<WatchBatch> {
  const { past, clock, speed } = options;
  const snapshot = after === options.snapshot.revision ? options.snapshot : await past.snapshotAt({ revision: after });
  const known = new Map(snapshot.list(resource).map((object) => [treeKey(object.key), object]));
  const began = { timeMs: snapshot.place.timeMs, monotonicMs: clock.monotonicMs() };
  const pauseMs = ({ timeMs }: LogPosition): number => (timeMs - began.timeMs) / speed - (clock.monotonicMs() - began.monotonicMs);
  for (let { place } = snapshot; !signal.aborted; await clock.sleep(moreEveryMs, signal)) {
    for await (const step of stepsOf(past, place)) {
      const delayMs = pauseMs(step.place);
      if (delayMs > 0) await clock.sleep(delayMs, signal);
      if (signal.aborted) return;
      ({ place } = step);
      const changes = await changesOf(step, known, { ...options, resource });
      yield { revision: place.revision, changes: changes.filter(({ key }) => namespace === undefined || key.namespace === namespace) };
    }
  }
}

async function* stepsOf(past: Past, place: LogPosition): AsyncGenerator<Step> {
  try {
    yield* past.steps(place);
  } catch (error) {
    throw error instanceof Removed
      ? new StoreError('compacted', 'the archive was compacted while it was replayed', { cause: error })
      : error;
  }
}

async function changesOf(
  { changes }: Step,
  known: Map<string, PastObject>,
  { past: { envelopes }, fields, resource }: PastStoreOptions & { readonly resource: string },
): Promise<PastChange[]> {
  const ours = changes.filter(({ key }) => key.resource === resource);
  await envelopes.load(ours);
  return ours.map((archived) => {
    const key = treeKey(archived.key);
    const change = new PastChange(archived, known.get(key), { envelopes, fields });
    if (change.type === 'deleted') known.delete(key);
    else known.set(key, change);
    return change;
  });
}
