/**
 * A directory of small files that changes all at once: the files are in a timestamped directory, `..data` is a symlink to
 * it, and each name is a symlink through `..data`. Renaming over `..data` is the moment of change.
 * Source: pkg/volume/util/atomic_writer.go
 *
 *   key      → ..data/key
 *   ..data   → ..2026_01_01_00_00_00.123456
 *   ..2026_01_01_00_00_00.123456/key
 */
import { chown, chmod, lstat, mkdir, readFile, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FileContent {
  readonly content: Uint8Array;
  readonly mode: number;
  /** Its owner; root when left out. */
  readonly userId?: number;
}

const dataName = '..data';

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const modeOf = ({ mode }: FileContent, groupId: number | undefined): number => (groupId === undefined ? mode : mode | 0o440);

async function isCurrent(directory: string, files: ReadonlyMap<string, FileContent>, groupId: number | undefined): Promise<boolean> {
  const target = await orUndefined(readlink(join(directory, dataName)));
  if (target === undefined) return false;
  const entries = await readdir(join(directory, target), { recursive: true, withFileTypes: true });
  if (entries.filter((entry) => entry.isFile()).length !== files.size) return false;
  for (const [name, file] of files) {
    const path = join(directory, target, name);
    const content = await orUndefined(readFile(path));
    if (content === undefined || Buffer.compare(content, file.content) !== 0) return false;
    if (((await lstat(path)).mode & 0o777) !== modeOf(file, groupId)) return false;
  }
  return true;
}

export interface WriteOptions {
  /** Makes the name of the timestamped directory unique. */
  readonly stamp: string;
  /** Owner of the files, for pods with fsGroup. */
  readonly groupId?: number;
}

async function writeFiles(directory: string, files: ReadonlyMap<string, FileContent>, groupId: number | undefined): Promise<void> {
  for (const [name, file] of files) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.content);
    await chmod(path, modeOf(file, groupId));
    if (groupId !== undefined || file.userId !== undefined) await chown(path, file.userId ?? 0, groupId ?? 0);
  }
}

/** Makes the directory hold exactly these files. Answers whether anything changed. */
export async function writeAtomically(directory: string, files: ReadonlyMap<string, FileContent>, options: WriteOptions): Promise<boolean> {
  await mkdir(directory, { recursive: true });
  if (await isCurrent(directory, files, options.groupId)) return false;
  const before = await orUndefined(readlink(join(directory, dataName)));
  const stamped = `..${options.stamp}`;
  await mkdir(join(directory, stamped), { recursive: true, mode: 0o755 });
  await writeFiles(join(directory, stamped), files, options.groupId);
  // One may be left of an agent that ended right here.
  await rm(join(directory, '..data_tmp'), { force: true });
  await symlink(stamped, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, dataName));
  await linkNames(directory, new Set([...files.keys()].map((name) => name.split('/')[0] ?? '')));
  if (before !== undefined && before !== stamped) await rm(join(directory, before), { recursive: true, force: true });
  return true;
}

async function linkNames(directory: string, names: ReadonlySet<string>): Promise<void> {
  const there = (await readdir(directory)).filter((name) => !name.startsWith('..'));
  for (const name of names) if (!there.includes(name)) await symlink(join(dataName, name), join(directory, name));
  for (const name of there) if (!names.has(name)) await rm(join(directory, name), { recursive: true });
}
