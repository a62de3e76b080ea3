/** `hibernetes shred secret/NAME`: a Secret that was deleted becomes unreadable in the past, too. `hibernetes hold` forbids that. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Catalog } from '../../../functions/archive/catalog.ts';
import type { ArchiveFiles } from '../../../functions/archive/archive-files.ts';
import { folderFiles } from '../../../functions/archive/folder-files.ts';
import { addHold, endHold, holdsOf, isHoldName, sealedUidsOf, shred } from '../../../functions/archive/shredding.ts';
import { defaultLimits } from '../../../functions/store/limits.ts';
import { realWorld } from '../../../functions/world.ts';
import { dataDirectory } from '../../local/data-directory.ts';
import { agree } from '../agree.ts';
import { type ClusterChoice, withApi } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { type OutputChoice, print } from '../output.ts';
import { namedObject } from './find-kind.ts';

export interface ShredOptions extends OutputChoice, Pick<ClusterChoice, 'dataDir'> {
  readonly namespace: string;
  readonly yes?: boolean;
}

const world = realWorld('error');
const minuteMs = 60_000;
const secretWords: ReadonlySet<string> = new Set(['secret', 'secrets']);

function archiveOf(dataDir: string): ArchiveFiles {
  const { archive } = dataDirectory(resolve(dataDir));
  if (!existsSync(archive)) throw new CliError(`There is no archive in ${dataDir}.`);
  return folderFiles(archive, () => world.random.uuid());
}

export async function shredSecret(words: readonly string[], { dataDir, namespace, ...choice }: ShredOptions): Promise<void> {
  const { kind, name } = namedObject(words);
  if (!secretWords.has(kind.toLowerCase())) throw new CliError('Only Secrets are sealed, and so only they can be shredded.');
  const files = archiveOf(dataDir);
  const [hold] = await holdsOf(files);
  if (hold !== undefined)
    throw new CliError(`The hold ${hold.name} keeps the past as it is.`, `hibernetes hold delete ${hold.name} ends it.`);
  if (await isThere(dataDir, namespace, name)) throw new CliError(`The Secret ${namespace}/${name} is there.`, 'Delete it first.');
  const uids = await sealedUidsOf(new Catalog(files), { resource: 'secrets', namespace, name });
  if (uids.length === 0) throw new CliError(`The archive knows no Secret ${namespace}/${name}.`);
  await agree({
    question: `Make every past version of the Secret ${namespace}/${name} unreadable, for ever?`,
    answer: 'yes',
    yes: choice.yes === true,
  });
  const envelopes = await shred(files, uids);
  print(choice, { namespace, name, objects: uids.length, envelopes }, () => shreddedText(namespace, name));
}

const shreddedText = (namespace: string, name: string): string =>
  `The Secret ${namespace}/${name} can no longer be read in the archive. What was written in the last ${defaultLimits.entryLifeMs / minuteMs} minutes is in the log until then.\n`;

const isThere = (dataDir: string, namespace: string, name: string): Promise<boolean> =>
  withApi({ dataDir }, async ({ fetch }) => {
    const response = await fetch(`/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`);
    await response.body?.cancel();
    return response.status !== 404;
  });

export interface HoldOptions extends OutputChoice {
  readonly dataDir: string;
}

export async function createHold(name: string, { dataDir, ...choice }: HoldOptions): Promise<void> {
  if (!isHoldName(name)) throw new CliError(`${name} is no name for a hold.`, 'Small letters, digits, dots and hyphens make one.');
  const since = new Date(world.clock.now()).toISOString();
  if (!(await addHold(archiveOf(dataDir), { name, since }))) throw new CliError(`There is a hold ${name} already.`);
  print(
    choice,
    { name, since },
    () => `Nothing of the past is forgotten, made coarser or shredded until hibernetes hold delete ${name}.\n`,
  );
}

export async function listHolds({ dataDir, ...choice }: HoldOptions): Promise<void> {
  const holds = await holdsOf(archiveOf(dataDir));
  print(choice, holds, (found) =>
    found.length === 0 ? 'There is no hold.\n' : found.map(({ name, since }) => `${name}  since ${since}\n`).join(''),
  );
}

export async function deleteHold(name: string, { dataDir, ...choice }: HoldOptions): Promise<void> {
  const files = archiveOf(dataDir);
  if (!(await holdsOf(files)).some((hold) => hold.name === name)) throw new CliError(`There is no hold ${name}.`);
  await endHold(files, name);
  print(choice, { name }, () => `The hold ${name} has ended.\n`);
}
