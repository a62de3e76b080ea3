/**
 * A directory of small files that changes all at once: the files are in a timestamped directory, to which the symlink
 * `..data` leads. Each name is a symlink through `..data`. Renaming over `..data` is the moment of change.
 * The caller remembers which timestamped directory is current: links in the volume are never followed.
 * Source: pkg/volume/util/atomic_writer.go
 *
 *   key      → ..data/key
 *   ..data   → ..2026_01_01_00_00_00.123456
 *   ..2026_01_01_00_00_00.123456/key
 */
import { constants } from 'node:fs';
import type { Directory } from '../../files/directory.ts';
import { errorCode } from '../../files/error-code.ts';
import { removeTree } from '../../files/remove-tree.ts';

export interface FileContent {
  readonly content: Uint8Array;
  readonly mode: number;
  /** The file's owner; root when left out. */
  readonly userId?: number;
}

export type Files = ReadonlyMap<string, FileContent>;

export interface WriteOptions {
  /** Makes the name of the timestamped directory unique. */
  readonly stamp: string;
  /** Owner of the files, for pods with fsGroup. */
  readonly groupId?: number;
  /** The timestamped directory that was written last; undefined: none, or it is not known. */
  readonly current?: string;
}

const dataName = '..data';
const draftName = '..data_tmp';
const directoryMode = 0o755;

const modeOf = ({ mode }: FileContent, groupId: number | undefined): number => (groupId === undefined ? mode : mode | 0o440);

/** The paths of all entries that are no directories. */
async function pathsBelow(directory: Directory, prefix = ''): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await directory.names()) {
    if (((await directory.modeOf(name)) ?? 0) >> 12 !== constants.S_IFDIR >> 12) {
      paths.push(`${prefix}${name}`);
      continue;
    }
    await using child = await directory.directory(name);
    paths.push(...(await pathsBelow(child, `${prefix}${name}/`)));
  }
  return paths;
}

async function holds(
  directory: Directory,
  path: string,
  expected: { readonly content: Uint8Array; readonly mode: number },
): Promise<boolean> {
  const names = path.split('/');
  await using parent = await directory.descend(names.slice(0, -1));
  await using file = await parent.file(names.at(-1) ?? '', constants.O_RDONLY);
  const { mode, size } = await file.stat();
  if ((mode & 0o777) !== expected.mode || size !== expected.content.length) return false;
  return Buffer.compare(await file.readFile(), expected.content) === 0;
}

/** Whether the links and the timestamped directory are as this agent left them, and hold these files. */
async function isCurrent(volume: Directory, files: Files, { current, groupId }: WriteOptions): Promise<boolean> {
  if (current === undefined || (await volume.linkTarget(dataName)) !== current) return false;
  for (const name of topNames(files)) if ((await volume.linkTarget(name)) !== `${dataName}/${name}`) return false;
  try {
    await using data = await volume.directory(current);
    if ((await pathsBelow(data)).length !== files.size) return false;
    for (const [path, file] of files) {
      if (!(await holds(data, path, { content: file.content, mode: modeOf(file, groupId) }))) return false;
    }
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error))) return false;
    throw error;
  }
}

const topNames = (files: Files): ReadonlySet<string> => new Set([...files.keys()].map((path) => path.split('/')[0] ?? ''));

async function writeFiles(data: Directory, files: Files, groupId: number | undefined): Promise<void> {
  for (const [path, file] of files) {
    const names = path.split('/');
    await using parent = await madeBelow(data, names.slice(0, -1));
    await using handle = await parent.create(names.at(-1) ?? '');
    await handle.writeFile(file.content);
    if (groupId !== undefined || file.userId !== undefined) await handle.chown(file.userId ?? 0, groupId ?? 0);
    await handle.chmod(modeOf(file, groupId));
  }
}

async function madeBelow(data: Directory, names: readonly string[]): Promise<Directory> {
  let current = await data.descend([]);
  for (const name of names) {
    await using parent = current;
    current = await parent.makeDirectory(name, directoryMode);
  }
  return current;
}

/** Makes the volume hold exactly these files. Answers the name of the timestamped directory: `current` when nothing changed. */
export async function writeAtomically(volume: Directory, files: Files, options: WriteOptions): Promise<string> {
  if (options.current !== undefined && (await isCurrent(volume, files, options))) return options.current;
  const stamped = `..${options.stamp}`;
  await removeUnlessLink(volume, dataName);
  {
    await using data = await volume.makeDirectory(stamped, directoryMode);
    await writeFiles(data, files, options.groupId);
  }
  // An agent that ended right here left one.
  await removeTree(volume, draftName, volume);
  await volume.link(draftName, stamped);
  await volume.rename(draftName, dataName);
  const names = topNames(files);
  for (const name of names) await linkName(volume, name);
  const expected = new Set([dataName, stamped, ...names]);
  for (const entry of await volume.entries()) if (!expected.has(entry.toString('utf8'))) await removeTree(volume, entry, volume);
  return stamped;
}

/** A directory in the place of a link would make the rename fail. */
async function removeUnlessLink(volume: Directory, name: string): Promise<void> {
  if ((await volume.linkTarget(name)) === undefined) await removeTree(volume, name, volume);
}

async function linkName(volume: Directory, name: string): Promise<void> {
  const target = `${dataName}/${name}`;
  if ((await volume.linkTarget(name)) === target) return;
  await removeTree(volume, name, volume);
  await volume.link(name, target);
}
