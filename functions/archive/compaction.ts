/**
 * Makes the archive coarser with age. Every revision stays for a day, then what each minute left for a week. What each hour
 * left stays for a month. A coarser run is written before the runs that it stands for are removed. A process that dies
 * between leaves both, and the next one removes the finer ones.
 */
import type { ArchivedSpan, Retention } from './retention.ts';
import { type Catalog, type CatalogEntry, type Level, levels } from './catalog.ts';
import { holdsOf } from './shredding.ts';
import type { Step } from './step.ts';
import { thinned } from './thinned.ts';

export interface CompactionParts {
  readonly catalog: Catalog;
  readonly nowMs: number;
  readonly retention: Retention;
  /** In one coarser run, unless one finer run leaves more. */
  readonly runChangesMax: number;
  /** States are kept at this distance at least. */
  readonly stateChangesMin: number;
}

interface Run {
  readonly level: Level;
  readonly entry: CatalogEntry;
}

export async function compact(parts: CompactionParts): Promise<void> {
  if ((await holdsOf(parts.catalog.files)).length > 0) return;
  for (const span of parts.retention.spans) await coarsen(parts, span);
  await removeStates(parts);
  await forget(parts);
}

/** Takes runs of the finer level that are wholly older than the span. A coarser run holds as many as it has room for. */
async function coarsen(parts: CompactionParts, span: ArchivedSpan): Promise<void> {
  const { catalog, runChangesMax } = parts;
  let group = emptyGroup;
  const close = async (): Promise<void> => {
    await replace(catalog, span.to, group);
    group = emptyGroup;
  };
  for (const run of await runsOf(catalog, span.from)) {
    if (!isOld(run.entry, span, parts.nowMs)) break;
    const covering = await coveringRun(catalog, span.to, run.entry);
    if (covering !== undefined) {
      await close();
      await removeCovered(catalog, covering, [run]);
      continue;
    }
    const { steps } = await catalog.segment(run.entry);
    const more = thinned([...group.steps, ...steps], span.bucketMs);
    const last = group.runs.at(-1)?.entry.last;
    const goesOn = last?.logIndex === run.entry.after.logIndex && periodOf(last.timeMs, span) === periodOf(run.entry.last.timeMs, span);
    if (goesOn && countOf(more) <= runChangesMax) group = { runs: [...group.runs, run], steps: more };
    else {
      await close();
      group = { runs: [run], steps: thinned(steps, span.bucketMs) };
    }
  }
  await close();
}

/** Finer runs in a row, and what one coarser run holds of them. */
interface Group {
  readonly runs: readonly Run[];
  readonly steps: readonly Step[];
}

const emptyGroup: Group = { runs: [], steps: [] };
const countOf = (steps: readonly Step[]): number => steps.reduce((sum, { changes }) => sum + changes.length, 0);
const periodOf = (timeMs: number, { periodMs }: ArchivedSpan): number => Math.floor(timeMs / periodMs);
const isOld = ({ last }: CatalogEntry, span: ArchivedSpan, nowMs: number): boolean =>
  nowMs - (periodOf(last.timeMs, span) + 1) * span.periodMs >= span.olderThanMs;

async function replace(catalog: Catalog, level: Level, { runs, steps }: Group): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  await removeCovered(catalog, await catalog.putRun(level, { after: first.entry.after, steps }), runs);
}

/**
 * Finer runs, once a coarser one stands for them: perhaps that of another process, which covers fewer. States within it go
 * first: what comes after them is no longer recorded change by change.
 */
async function removeCovered(catalog: Catalog, by: CatalogEntry, runs: readonly Run[]): Promise<void> {
  const within: CatalogEntry[] = [];
  for (const logIndex of await catalog.states()) {
    if (logIndex <= by.after.logIndex || logIndex >= by.last.logIndex) continue;
    const state = await catalog.state(logIndex);
    if (state !== undefined) within.push(state);
  }
  await catalog.remove([], within);
  await catalog.remove(
    runs.filter(({ entry }) => entry.last.logIndex <= by.last.logIndex),
    [],
  );
}

async function runsOf(catalog: Catalog, level: Level): Promise<Run[]> {
  const runs: Run[] = [];
  for (const first of await catalog.runs(level)) {
    const entry = await catalog.run(level, first);
    if (entry !== undefined) runs.push({ level, entry });
  }
  return runs;
}

/** The coarser run that a process had written before it died. */
async function coveringRun(catalog: Catalog, level: Level, { after, last }: CatalogEntry): Promise<CatalogEntry | undefined> {
  const first = (await catalog.runs(level)).findLast((logIndex) => logIndex <= after.logIndex + 1);
  const entry = first === undefined ? undefined : await catalog.run(level, first);
  return entry !== undefined && entry.last.logIndex >= last.logIndex ? entry : undefined;
}

/** States that stand closer together than is needed. */
async function removeStates({ catalog, stateChangesMin }: CompactionParts): Promise<void> {
  const logIndexes = await catalog.states();
  const starts = new Map<number, CatalogEntry>();
  for (const level of levels.toReversed()) for (const { entry } of await runsOf(catalog, level)) starts.set(entry.after.logIndex, entry);
  const unused: CatalogEntry[] = [];
  let kept: CatalogEntry | undefined;
  for (const [index, logIndex] of logIndexes.entries()) {
    const state = await catalog.state(logIndex);
    if (state === undefined) continue;
    const isNewest = index === logIndexes.length - 1;
    const changes = kept === undefined ? Number.POSITIVE_INFINITY : changesBetween(starts, kept.last.logIndex, logIndex);
    const isWanted = changes === undefined || changes >= Math.max(stateChangesMin, state.changes);
    if (isNewest || isWanted) kept = state;
    else unused.push(state);
  }
  await catalog.remove([], unused);
}

/** Undefined: no whole runs lead from the one to the other. */
function changesBetween(starts: ReadonlyMap<number, CatalogEntry>, from: number, to: number): number | undefined {
  let changes = 0;
  for (let logIndex = from; logIndex < to;) {
    const run = starts.get(logIndex);
    if (run === undefined) return undefined;
    changes += run.changes;
    logIndex = run.last.logIndex;
  }
  return changes;
}

/** What is older than anything is kept: runs, and the states before the first one that is still needed. */
async function forget({ catalog, nowMs, retention }: CompactionParts): Promise<void> {
  const logIndexes = await catalog.states();
  const old: CatalogEntry[] = [];
  let first: CatalogEntry | undefined;
  for (const logIndex of logIndexes) {
    const state = await catalog.state(logIndex);
    if (state === undefined) continue;
    if (nowMs - state.last.timeMs < retention.keptMs) break;
    if (first !== undefined) old.push(first);
    first = state;
  }
  if (first === undefined) return;
  const oldest = first.last.logIndex;
  const runs: Run[] = [];
  for (const level of levels) runs.push(...(await runsOf(catalog, level)).filter(({ entry }) => entry.last.logIndex <= oldest));
  await catalog.remove([], old);
  await catalog.remove(runs, []);
}
