/** How full file systems and directories are. Directories are walked by handles: containers may change them meanwhile. */
import { statfs } from 'node:fs/promises';
import { Directory, type EntryName } from '../files/directory.ts';
import { errorCode } from '../files/error-code.ts';

export interface FileSystemUsage {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
  readonly inodesUsed: number;
}

export interface DirectoryUsage {
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

/** What a walk counts at most: a directory with more has long passed every limit that a user would set. */
const entriesMax = 5_000_000;
const depthMax = 1000;
const blockBytes = 512;
const passable = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

export async function fileSystemUsage(path: string): Promise<FileSystemUsage> {
  const { blocks, bfree, bavail, bsize, files, ffree } = await statfs(path);
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
    inodesUsed: files - ffree,
  };
}

interface Walk {
  usedBytes: number;
  inodesUsed: number;
  readonly device: number;
  /** Files with several names count once. */
  readonly seen: Set<number>;
}

/** A file system that is mounted inside is not counted. Nothing where the path is missing. */
export async function directoryUsage(path: string): Promise<DirectoryUsage> {
  try {
    await using root = await Directory.open(path);
    const { dev, blocks } = await root.stats();
    const walk: Walk = { usedBytes: blocks * blockBytes, inodesUsed: 1, device: dev, seen: new Set() };
    await countBelow(root, [], walk);
    return { usedBytes: walk.usedBytes, inodesUsed: walk.inodesUsed };
  } catch (error) {
    if (!passable.has(errorCode(error))) throw error;
    return { usedBytes: 0, inodesUsed: 0 };
  }
}

async function countBelow(root: Directory, names: readonly EntryName[], walk: Walk): Promise<void> {
  if (names.length > depthMax) return;
  await using directory = await root.descend(names);
  for (const name of await directory.entries()) {
    if (walk.inodesUsed >= entriesMax) return;
    try {
      if (await countEntry(directory, name, walk)) await countBelow(root, [...names, name], walk);
    } catch (error) {
      if (!passable.has(errorCode(error))) throw error;
    }
  }
}

/** Whether it is a directory to go into. */
async function countEntry(directory: Directory, name: EntryName, walk: Walk): Promise<boolean> {
  const stats = await directory.statsOf(name);
  if (stats.dev !== walk.device || walk.seen.has(stats.ino)) return false;
  if (stats.nlink > 1 && !stats.isDirectory()) walk.seen.add(stats.ino);
  walk.usedBytes += stats.blocks * blockBytes;
  walk.inodesUsed += 1;
  return stats.isDirectory();
}
