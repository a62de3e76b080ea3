/**
 * What an archive costs and how soon it answers: `npm run bench:archive [-- --minutes N --json]`. Ten thousand pods, a hundred
 * writes a second, archived each minute into a folder; then moments drawn at random, each asked of a reader that knows nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { archiverLimits } from '../../functions/archive/archiver.ts';
import { Catalog } from '../../functions/archive/catalog.ts';
import { folderFiles } from '../../functions/archive/folder-files.ts';
import { Past } from '../../functions/archive/past.ts';
import { type ArchivedChange, beginning, type Step } from '../../functions/archive/step.ts';
import { encodeBody } from '../../functions/store/body.ts';
import { currentFormats } from '../../functions/store/format.ts';
import { realWorld } from '../../functions/world.ts';
import { benchPod } from './pods.ts';

const pods = 10_000;
const writesEachSecond = 100;
const startMs = Date.UTC(2100, 0, 1);
const moments = 5;
const listed = 1000;
/** One body in so many is compressed as the log does it, to know what the log would have written. */
const sampled = 20;
/** Bytes of a change in the log besides its body. */
const logHeadBytes = 120;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } } });
const { random } = realWorld('error');
const folder = mkdtempSync(join(tmpdir(), 'bench-archive-'));
const files = folderFiles(folder, () => random.uuid());
const counts = { archive: 0, log: 0, changes: 0 };
const latest: ArchivedChange[] = [];

function changeOf(index: number, type: ArchivedChange['type'], timeMs: number): ArchivedChange {
  counts.changes += 1;
  const name = `web-5d9c8b7f6-${index}`;
  const pod = benchPod(name, '1.1 KB');
  const text = JSON.stringify({
    ...pod,
    metadata: { ...pod.metadata, resourceVersion: String(counts.changes) },
    status: { phase: 'Running', startTime: new Date(timeMs).toISOString(), podIP: `10.244.${index % 250}.${counts.changes % 250}` },
  });
  if (counts.changes % sampled === 0) counts.log += sampled * (encodeBody(text).length + logHeadBytes);
  const key = { resource: 'pods', namespace: `team-${index % 50}`, name };
  const change: ArchivedChange = {
    type,
    key,
    uid: `uid-${index}`,
    revision: counts.changes,
    body: { kind: 'json', bytes: Buffer.from(text) },
  };
  latest[index] = { ...change, type: 'added' };
  return change;
}

async function putState(catalog: Catalog, logIndex: number, timeMs: number): Promise<void> {
  const changes = latest.toSorted((a, b) => a.revision - b.revision);
  const state = await catalog.putState({ after: beginning, steps: [{ place: { logIndex, revision: counts.changes, timeMs }, changes }] });
  counts.archive += state.bytes;
}

async function write(minutes: number): Promise<void> {
  const catalog = new Catalog(files);
  for (let index = 0; index < pods; index += 1) changeOf(index, 'added', startMs);
  let after = { logIndex: 1, revision: counts.changes, timeMs: startMs };
  await putState(catalog, 1, startMs);
  let sinceState = 0;
  counts.log = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    const steps = Array.from({ length: 60 }, (_, second): Step => {
      const timeMs = startMs + (minute * 60 + second + 1) * 1000;
      const changes = Array.from({ length: writesEachSecond }, () => changeOf(Math.floor(random.next() * pods), 'modified', timeMs));
      return { place: { logIndex: after.logIndex + second + 1, revision: counts.changes, timeMs }, changes };
    });
    const run = await catalog.putRun('changes', { after, steps });
    counts.archive += run.bytes;
    after = run.last;
    sinceState += run.changes;
    if (sinceState < archiverLimits.stateChangesPerObject * pods) continue;
    await putState(catalog, after.logIndex, after.timeMs);
    sinceState = 0;
  }
}

const medianOf = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

async function read(minutes: number): Promise<{ readonly getMs: number; readonly listMs: number }> {
  const [gets, lists]: [number[], number[]] = [[], []];
  for (let moment = 0; moment < moments; moment += 1) {
    const past = new Past({ catalog: new Catalog(files), formats: currentFormats });
    const began = performance.now();
    const snapshot = await past.snapshotAt({ timeMs: startMs + Math.floor(random.next() * minutes * 60) * 1000 });
    void snapshot.get({ resource: 'pods', namespace: 'team-3', name: 'web-5d9c8b7f6-3' })?.object;
    gets.push(performance.now() - began);
    for (const stored of snapshot.list('pods').slice(0, listed)) stored.json();
    lists.push(performance.now() - began);
  }
  return { getMs: medianOf(gets), listMs: medianOf(lists) };
}

try {
  const minutes = Number(values.minutes);
  await write(minutes);
  const { getMs, listMs } = await read(minutes);
  const bytesRatio = counts.archive / counts.log;
  const figures = { pods, writes: minutes * 60 * writesEachSecond, bytesRatio, getMs, listMs };
  const round = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(figures)}\n`
      : `archive bytes ÷ log bytes  ${round(bytesRatio)}\nget one, cold              ${round(getMs)} ms\nlist ${listed}, cold            ${round(listMs)} ms\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
