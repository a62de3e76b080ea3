/**
 * `hibernetes restore --to TIME` and `hibernetes fork`: a store of what a cluster was, made of its archive and, where it is
 * still there, its table. The cluster may run meanwhile, or its store may be lost.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { timeOf } from '../../../functions/apiserver/as-of/moment.ts';
import { Catalog } from '../../../functions/archive/catalog.ts';
import { folderFiles } from '../../../functions/archive/folder-files.ts';
import { Past } from '../../../functions/archive/past.ts';
import type { PastSnapshot } from '../../../functions/archive/past-snapshot.ts';
import { embeddedTable } from '../../../functions/store/embedded/embedded-table.ts';
import { sealedFormats } from '../../../functions/store/format.ts';
import { type LoadedObject, loadObjects } from '../../../functions/store/load-objects.ts';
import { StoreError } from '../../../functions/store/store.ts';
import { realWorld } from '../../../functions/world.ts';
import { fileKeyRing } from '../../local/cluster-keys.ts';
import { clusterRecord, type ClusterRecord, writeClusterRecord } from '../../local/cluster-record.ts';
import { type DataDirectory, dataDirectory, writePrivately } from '../../local/data-directory.ts';
import { CliError } from '../cli-error.ts';
import { type OutputChoice, print, progressOf } from '../output.ts';
import { forkedObjects } from './forked-objects.ts';

const world = realWorld('error');
/** Files of the embedded log hold so many entries: a store that goes on behind another one begins with a new file. */
const entriesOfFile = 1024;

export interface RestorePastOptions extends OutputChoice {
  readonly dataDir: string;
  readonly to: string;
  /** A data directory for the restored cluster; in place when left out. */
  readonly into?: string;
}

export async function restorePast({ dataDir, to, into, ...choice }: RestorePastOptions): Promise<void> {
  const source = sourceOf(dataDir);
  if (into === undefined && existsSync(source.store))
    throw new CliError(
      `There is a store in ${dataDir} already.`,
      `--into DIR restores into another directory; or end the cluster and move ${source.store} away.`,
    );
  const target = into === undefined ? source : emptyTarget(into);
  await made(source, target, { to, choice, chosen: (objects) => objects });
}

export interface ForkOptions extends OutputChoice {
  readonly dataDir: string;
  readonly at: string;
}

export async function fork(directory: string, { dataDir, at, ...choice }: ForkOptions): Promise<void> {
  await made(sourceOf(dataDir), emptyTarget(directory), { to: at, choice, chosen: forkedObjects });
}

function sourceOf(dataDir: string): DataDirectory {
  const source = dataDirectory(resolve(dataDir));
  if (clusterRecord(source) === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  if (!existsSync(source.archive))
    throw new CliError(`The cluster in ${dataDir} has no archive.`, 'It begins when the cluster has run for a moment.');
  return source;
}

function emptyTarget(directory: string): DataDirectory {
  const target = dataDirectory(resolve(directory));
  if (clusterRecord(target) !== undefined || existsSync(target.store))
    throw new CliError(`There is a cluster in ${directory} already.`, 'Another directory takes the new one.');
  return target;
}

interface Making {
  readonly to: string;
  readonly choice: OutputChoice;
  chosen(objects: readonly LoadedObject[]): readonly LoadedObject[];
}

async function made(source: DataDirectory, target: DataDirectory, { to, choice, chosen }: Making): Promise<void> {
  const timeMs = timeOf(to, world.clock.now());
  if (timeMs === undefined)
    throw new CliError(`${to} is no moment of the past.`, 'A time such as 2026-11-29T10:00:00Z or a distance such as -2h is.');
  const progress = progressOf(choice);
  const catalog = new Catalog(folderFiles(source.archive, () => world.random.uuid()));
  const { snapshot, end } = await progress.step('Reading the past', () => readPast(source, catalog, timeMs));
  const objects = chosen(loadedObjects(snapshot));
  await progress.step(`Writing ${objects.length} objects`, () => written(source, target, { objects, end }));
  const asOf = new Date(snapshot.place.timeMs).toISOString();
  print(choice, { objects: objects.length, asOf, revision: snapshot.revision, dataDirectory: target.root }, (made) =>
    [`${made.objects} objects, as of ${made.asOf}.`, '', `hibernetes up --data-dir ${made.dataDirectory} starts the cluster.`, ''].join(
      '\n',
    ),
  );
}

interface ReadPast {
  readonly snapshot: PastSnapshot;
  /** The newest place of the source that is known: what is made goes on behind it. */
  readonly end: PastSnapshot['place'];
}

async function readPast(source: DataDirectory, catalog: Catalog, timeMs: number): Promise<ReadPast> {
  const formats = sealedFormats(fileKeyRing(source.pki));
  const table = existsSync(source.store) ? embeddedTable(source.store, { formats }) : undefined;
  try {
    const past = new Past({ catalog, formats, ...(table === undefined ? {} : { table }) });
    const { place: end } = await past.snapshotAt({ timeMs: Number.POSITIVE_INFINITY });
    const snapshot = await past.snapshotAt({ timeMs });
    // What is sealed opens while the table and its keys are at hand.
    for (const resource of snapshot.resources()) for (const stored of snapshot.list(resource)) stored.json();
    return { snapshot, end };
  } catch (error) {
    if (error instanceof StoreError) throw new CliError(`The past cannot be read: ${error.message}.`);
    throw error;
  } finally {
    await table?.close();
  }
}

const loadedObjects = (snapshot: PastSnapshot): LoadedObject[] =>
  snapshot
    .resources()
    .flatMap((resource) => snapshot.list(resource))
    .map((stored) => ({ key: stored.key, revision: stored.revision, json: stored.json().toString() }));

interface Written {
  readonly objects: readonly LoadedObject[];
  readonly end: PastSnapshot['place'];
}

async function written(source: DataDirectory, target: DataDirectory, { objects, end }: Written): Promise<void> {
  const draft = join(target.root, 'store.draft');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(target.root, { recursive: true, mode: 0o700 });
  const isInPlace = source.root === target.root;
  const afterIndex = isInPlace ? Math.ceil((end.logIndex + 1) / entriesOfFile) * entriesOfFile : 0;
  try {
    const formats = sealedFormats(fileKeyRing(target.pki));
    const table = embeddedTable(draft, { formats });
    try {
      await loadObjects({ table, formats, ...world }, { revision: end.revision, hasKeys: true, afterIndex }, each(objects));
    } finally {
      await table.close();
    }
    if (!isInPlace) copyIdentity(source, target);
    renameSync(draft, target.store);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** The same authority and keys of tokens; names on this machine derive from the id, which is another, and so is the port. */
function copyIdentity(source: DataDirectory, target: DataDirectory): void {
  const record = clusterRecord(source);
  if (record === undefined) return;
  const { cloud: _cloud, gatePort: _gate, ...kept }: ClusterRecord = record;
  for (const { name } of readdirSync(source.pki, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && /\.(crt|key)$/.test(entry.name),
  ))
    writePrivately(join(target.pki, name), readFileSync(join(source.pki, name), 'utf8'));
  const id = Buffer.from(world.random.bytes(3)).toString('hex');
  writeClusterRecord(target, { ...kept, id, runtime: 'simulated', nodes: 0, port: 0 });
}
