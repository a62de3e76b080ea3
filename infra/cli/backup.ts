/** `hibernetes backup FILE`: all objects of a cluster as of one revision, and its keys where they are on this machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { realWorld } from '../../functions/world.ts';
import { writeBackup, type BackupSeal } from '../backup/backup-file.ts';
import { BackupError, backupVersion, type BackupEnd, type BackupFileLine, type BackupLine } from '../backup/backup-lines.ts';
import { collectObjects, currentRevision } from '../backup/collect-objects.ts';
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { type ClusterChoice, withApi } from './api-client.ts';
import { reader } from './api-reader.ts';
import { sealFrom, type SealOptions } from './backup-key.ts';
import { CliError } from './cli-error.ts';
import { print, progressOf, type OutputChoice } from './output.ts';

export type BackupOptions = ClusterChoice & SealOptions & OutputChoice;

/** What the store of another machine is sealed with anew. */
const leftOut: ReadonlySet<string> = new Set(['cluster-keys.json']);

function* keyFiles({ dataDir, kubeconfig }: ClusterChoice): Generator<BackupFileLine> {
  const directory = dataDirectory(resolve(dataDir));
  if (kubeconfig !== undefined || clusterRecord(directory) === undefined) return;
  yield { type: 'file', name: 'cluster.json', text: readFileSync(join(directory.root, 'cluster.json'), 'utf8') };
  for (const { name } of readdirSync(directory.pki, { withFileTypes: true }).filter((entry) => entry.isFile() && !leftOut.has(entry.name)))
    yield { type: 'file', name: `pki/${name}`, text: readFileSync(join(directory.pki, name), 'utf8') };
}

type Line = Exclude<BackupLine, BackupEnd>;

export async function backup(file: string, options: BackupOptions): Promise<void> {
  const seal = await sealFrom(options);
  const progress = progressOf(options);
  const taken = await withApi(options, async (api) => {
    const read = reader(api);
    const revision = await currentRevision(read);
    let objects = 0;
    async function* lines(): AsyncGenerator<Line> {
      yield {
        type: 'hibernetes-backup',
        version: backupVersion,
        takenAt: new Date(realWorld('error').clock.now()).toISOString(),
        revision,
      };
      yield* keyFiles(options);
      for await (const line of collectObjects(read, revision)) {
        objects += 1;
        yield line;
      }
    }
    const bytes = await progress.step(`Writing ${file}, and reading it back`, () => written(file, lines(), seal));
    return { revision, objects, bytes };
  });
  if (seal.kind === 'none') process.stderr.write(`${file} holds all Secrets and keys in the clear.\n`);
  print(
    options,
    { file: resolve(file), ...taken },
    ({ objects, revision, bytes }) => `${objects} objects as of revision ${revision}, ${(bytes / 1e6).toFixed(1)} MB.\n`,
  );
}

async function written(file: string, lines: AsyncIterable<Line>, seal: BackupSeal): Promise<number> {
  try {
    return await writeBackup(resolve(file), lines, seal);
  } catch (error) {
    if (error instanceof BackupError) throw new CliError(`The backup was not written: ${error.message}.`);
    if (error instanceof Error && 'code' in error && 'syscall' in error) throw new CliError(`${file} cannot be written: ${error.message}.`);
    throw error;
  }
}
