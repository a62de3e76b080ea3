/**
 * Makes what an object was unreadable: the envelopes of its sealed bodies are removed, and never written again. A hold keeps
 * everything as it is: nothing is shredded, forgotten or made coarser while there is one.
 */
import type { Key } from '../kube/view.ts';
import type { ArchiveFiles } from './archive-files.ts';
import { keyFolderOf } from './archived-entries.ts';
import { type Catalog, type CatalogEntry, levels } from './catalog.ts';
import type { ArchivedChange } from './step.ts';

const shreddedFolder = 'shredded/';
const holdFolder = 'holds/';

const shreddedFile = (uid: string): string => keyFolderOf(uid).replace(/^keys\/(.*)\/$/, `${shreddedFolder}$1`);

/** Folders of envelopes that were shredded. */
export async function shreddedFolders(files: ArchiveFiles): Promise<ReadonlySet<string>> {
  const names = await files.list(shreddedFolder);
  return new Set(names.map((name) => `keys/${name.slice(shreddedFolder.length)}/`));
}

export const folderOf = (keyFile: string): string => keyFile.slice(0, keyFile.lastIndexOf('/') + 1);

/** The mark comes first: who archives at the same time writes no envelope behind it. Answers how many there were. */
export async function shred(files: ArchiveFiles, uids: readonly string[]): Promise<number> {
  let count = 0;
  for (const uid of uids) {
    await files.create(shreddedFile(uid), new Uint8Array());
    const envelopes = await files.list(keyFolderOf(uid));
    await files.remove(envelopes);
    count += envelopes.length;
  }
  return count;
}

/** The uids that objects of this name ever had, as far as the archive goes back; only of those that are sealed. */
export async function sealedUidsOf(catalog: Catalog, { resource, namespace, name }: Key): Promise<readonly string[]> {
  const isMeant = ({ key, body }: ArchivedChange): boolean =>
    key.name === name && key.namespace === namespace && key.resource === resource && body.kind === 'sealed';
  const uids = new Set<string>();
  for (const entry of await allEntries(catalog)) {
    const { steps } = await catalog.segment(entry);
    for (const { changes } of steps) for (const { uid } of changes.filter(isMeant)) uids.add(uid);
  }
  return [...uids];
}

async function allEntries(catalog: Catalog): Promise<readonly CatalogEntry[]> {
  const entries: (CatalogEntry | undefined)[] = [];
  for (const logIndex of await catalog.states()) entries.push(await catalog.state(logIndex));
  for (const level of levels) for (const first of await catalog.runs(level)) entries.push(await catalog.run(level, first));
  return entries.filter((entry) => entry !== undefined);
}

export interface Hold {
  readonly name: string;
  /** RFC 3339. */
  readonly since: string;
}

const holdNamePattern = /^[a-z0-9][a-z0-9.-]{0,62}$/;

export const isHoldName = (name: string): boolean => holdNamePattern.test(name);

/** False: there is one of that name. */
export async function addHold(files: ArchiveFiles, { name, since }: Hold): Promise<boolean> {
  return (await files.create(`${holdFolder}${name}`, Buffer.from(JSON.stringify({ since })))) === 'written';
}

export async function holdsOf(files: ArchiveFiles): Promise<readonly Hold[]> {
  const holds: Hold[] = [];
  for (const file of await files.list(holdFolder)) {
    const bytes = await files.read(file);
    const { since } = JSON.parse(bytes === undefined ? '{"since":""}' : Buffer.from(bytes).toString()) as Pick<Hold, 'since'>;
    holds.push({ name: file.slice(holdFolder.length), since });
  }
  return holds;
}

export const endHold = (files: ArchiveFiles, name: string): Promise<void> => files.remove([`${holdFolder}${name}`]);
