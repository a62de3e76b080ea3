/** `hibernetes restore FILE`: makes a cluster of a backup, in a new data directory or beside others that share a table. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { boundedJson } from '../../functions/kube/bounded-json.ts';
import { isJsonObject } from '../../functions/kube/object.ts';
import { clusterRecords } from '../../functions/store/dynamodb/cluster-records.ts';
import { dynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { type Formats, formatsWithoutKeys, sealedFormats } from '../../functions/store/format.ts';
import { loadObjects } from '../../functions/store/load-objects.ts';
import { StoreError } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { realWorld } from '../../functions/world.ts';
import { type BackupKey, readBackup, sealOf } from '../backup/backup-file.ts';
import { BackupError, type BackupFileLine, type BackupHeader, type BackupObjectLine, shown } from '../backup/backup-lines.ts';
import { loadedObjects } from '../backup/loaded-objects.ts';
import { fileKeyRing } from '../local/cluster-keys.ts';
import { clusterRecord, type ClusterRecord, writeClusterRecord } from '../local/cluster-record.ts';
import { type DataDirectory, dataDirectory, writePrivately } from '../local/data-directory.ts';
import { keyFrom, type KeyOptions } from './backup-key.ts';
import { CliError } from './cli-error.ts';
import { openDoor, refuseName } from './cluster.ts';
import { withHome, type ClusterHome, type HomeChoice } from './cluster-home.ts';
import { print, progressOf, type OutputChoice } from './output.ts';
import { randomText } from './token.ts';

export interface RestoreOptions extends HomeChoice, KeyOptions, OutputChoice {
  /** The new cluster's name, where several share a table. */
  readonly as?: string;
}

const world = realWorld('error');
const idLetters = 6;

export async function restore(file: string, options: RestoreOptions): Promise<void> {
  try {
    const key: BackupKey = (await sealOf(file)) === 'none' ? { kind: 'none' } : await keyFrom(options);
    await (options.as === undefined ? intoDirectory(file, key, options) : besideOthers(file, key, { ...options, as: options.as }));
  } catch (error) {
    if (error instanceof BackupError) throw new CliError(`Nothing was restored: ${error.message}.`);
    if (error instanceof StoreError) throw new CliError(`Nothing was restored: ${error.message}.`);
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new CliError(`There is no file ${file}.`);
    throw error;
  }
}

interface Opened {
  readonly header: BackupHeader;
  readonly files: readonly BackupFileLine[];
  readonly objects: AsyncIterable<BackupObjectLine>;
}

/** The header and the files; the objects follow while they are read. */
async function open(file: string, key: BackupKey): Promise<Opened> {
  const lines = readBackup(file, key)[Symbol.asyncIterator]();
  const files: BackupFileLine[] = [];
  const first = await lines.next();
  if (first.done === true || first.value.type !== 'hibernetes-backup') throw new BackupError('this is no backup');
  let next = await lines.next();
  for (; next.done !== true && next.value.type === 'file'; next = await lines.next()) files.push(next.value);
  async function* objects(): AsyncGenerator<BackupObjectLine> {
    for (; next.done !== true; next = await lines.next()) if (next.value.type === 'object') yield next.value;
  }
  return { header: first.value, files, objects: objects() };
}

async function load(table: Table, formats: Formats, { header, objects }: Opened, hasKeys: boolean): Promise<number> {
  try {
    return await loadObjects({ table, formats, ...world }, { revision: header.revision, hasKeys }, loadedObjects(objects));
  } finally {
    await table.close();
  }
}

const restoredText = ({ objects, takenAt }: { readonly objects: number; readonly takenAt: string }): string =>
  `${objects} objects, as of ${takenAt}.\n\n`;

async function intoDirectory(file: string, key: BackupKey, { dataDir, ...choice }: RestoreOptions): Promise<void> {
  const directory = dataDirectory(resolve(dataDir));
  if (clusterRecord(directory) !== undefined || existsSync(directory.store))
    throw new CliError(`There is a cluster in ${dataDir} already.`, 'Another --data-dir takes the restored one.');
  const progress = progressOf(choice);
  const draft = join(directory.root, 'store.draft');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(directory.root, { recursive: true, mode: 0o700 });
  try {
    const opened = await open(file, key);
    refuseFiles(opened.files);
    const formats = sealedFormats(fileKeyRing(directory.pki));
    const count = await progress.step(`Reading ${file}`, () => load(embeddedTable(draft, { formats }), formats, opened, true));
    for (const { name, text } of opened.files) restoreFile(directory, name, text);
    renameSync(draft, directory.store);
    const restored = { objects: count, takenAt: opened.header.takenAt, dataDirectory: directory.root };
    print(choice, restored, () => `${restoredText(restored)}hibernetes up --data-dir ${dataDir} starts the cluster.\n`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const keyFile = /^pki\/[\w-]+\.(?:crt|key)$/;

/** Refuses files before anything is written. */
function refuseFiles(files: readonly BackupFileLine[]): void {
  for (const { name, text } of files) {
    if (name === 'cluster.json') recordIn(text);
    else if (!keyFile.test(name)) throw new BackupError(`it holds a file ${shown(name)}, which no cluster has`);
  }
}

function restoreFile(directory: DataDirectory, name: string, text: string): void {
  if (name === 'cluster.json') writeClusterRecord(directory, restoredRecord(directory, text));
  else writePrivately(join(directory.root, name), text);
}

/**
 * The cluster may run on this machine as well: namespaces and interfaces are called after its id. Its audit log lies in the
 * data directory: a backup names no place of this machine.
 */
function restoredRecord({ root }: DataDirectory, text: string): ClusterRecord {
  const { cloud: _, audit, ...record } = recordIn(text);
  const id = Buffer.from(world.random.bytes(3)).toString('hex');
  if (audit === undefined) return { ...record, id };
  return { ...record, id, audit: { ...audit, file: { ...audit.file, path: join(root, 'audit.log') } } };
}

/** Its other fields are judged when the cluster starts. */
function isRecord(value: unknown): value is ClusterRecord {
  if (!isJsonObject(value)) return false;
  const { audit } = value;
  return audit === undefined || (isJsonObject(audit) && isJsonObject(audit['file']));
}

function recordIn(text: string): ClusterRecord {
  try {
    const record: unknown = boundedJson(text);
    if (isRecord(record)) return record;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new BackupError('its cluster.json is not one');
}

async function besideOthers(file: string, key: BackupKey, options: RestoreOptions & { readonly as: string }): Promise<void> {
  const { as: name } = options;
  await withHome(options, async (home) => {
    const { tableName, access } = home;
    const records = clusterRecords({ tableName, world, client: access });
    const progress = progressOf(options);
    try {
      refuseName(name, home, await records.list());
      const cluster = { name, id: `${name}.${randomText(idLetters, world.random)}` };
      const opened = await open(file, key);
      const count = await progress.step(`Reading ${file}`, () => load(tableOf(home, cluster.id), formatsWithoutKeys, opened, false));
      if (!(await records.create({ ...cluster, createdMs: world.clock.now() })))
        throw new CliError(`Somebody else has just made a cluster ${name} in ${home.title}.`);
      await openDoor(cluster, home, progress);
      const restored = { objects: count, takenAt: opened.header.takenAt, cluster: name, kubeconfig: home.kubeconfigFile(name) };
      print(options, restored, ({ kubeconfig }) => `${restoredText(restored)}export KUBECONFIG=${kubeconfig}\n`);
    } finally {
      records.close();
    }
  });
}

const tableOf = ({ tableName, access }: ClusterHome, cluster: string): Table =>
  dynamodbTable({ tableName, cluster, world, client: access, formats: formatsWithoutKeys });
