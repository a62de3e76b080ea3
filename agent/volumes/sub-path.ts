/**
 * The part of a volume that a container mounts alone. It is resolved once, by name, then opened name by name without
 * following links, and what was opened is mounted: a container that swaps links in between gets an error, not the node's
 * files. What is missing is made, as accessible as the volume itself.
 * Source: pkg/volume/util/subpath/subpath_linux.go (SafeMakeDir, doBindSubPath)
 */
import type { FileHandle } from 'node:fs/promises';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { Directory } from '../files/directory.ts';
import { bindMount, unmountAll } from '../files/mounts.ts';
import { removeTree } from '../files/remove-tree.ts';

export class SubPathError extends Error {
  override name = 'SubPathError';
}

export interface SubPath {
  readonly volumePath: string;
  /** Relative to the volume, without `..`. */
  readonly path: string;
}

const namesOf = (path: string): string[] => path.split(sep).filter((name) => name !== '' && name !== '.');

const isWithin = (path: string, root: string): boolean => path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);

/** Opened for reference only. What is there already may be a file. */
export async function openSubPath({ volumePath, path }: SubPath): Promise<FileHandle> {
  const root = await realpath(volumePath);
  await using volume = await Directory.open(root);
  const mode = await volume.mode();
  let current = root;
  for (const name of namesOf(path)) {
    await using parent = await volume.descend(namesOf(relative(root, current)));
    await parent.makeMissing(name, mode);
    current = await realpath(join(current, name));
    if (!isWithin(current, root)) throw new SubPathError(`subpath "${path}" not within volume path "${volumePath}"`);
  }
  if (current === root) return await volume.reopen();
  await using parent = await volume.descend(namesOf(relative(root, dirname(current))));
  const found = await parent.reference(basename(current));
  if (!(await found.stat()).isSymbolicLink()) return found;
  await found.close();
  throw new SubPathError(`subpath "${path}" changed while it was opened`);
}

/** Mounts it at the target, which is the agent's own and replaced if it is there. */
export async function bindSubPath(subPath: SubPath, target: string): Promise<void> {
  await unmountAll(target);
  await using source = await openSubPath(subPath);
  await using parent = await Directory.make(dirname(target), 0o750);
  await removeTree(parent, basename(target), parent);
  if ((await source.stat()).isDirectory()) await parent.makeMissing(basename(target), 0o750);
  else await (await parent.create(basename(target))).close();
  await bindMount(source.fd, target);
}
