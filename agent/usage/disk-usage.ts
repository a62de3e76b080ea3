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

/** What a walk counts at most. */
export interface WalkLimits {
  readonly entries: number;
  readonly depth: number;
}

const walkLimits: WalkLimits = { entries: 5_000_000, depth: 20_000 };
/** One handle is open for so many levels, and the way below it is short. */
const levelsPerHandle = 16;
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
  /** There is more than the limits. */
  isCut: boolean;
  readonly limits: WalkLimits;
  readonly device: number;
  /** Files with several names count once. */
  readonly seen: Set<number>;
}

/**
 * A file system that is mounted inside is not counted. Nothing where the path is missing. What has more entries or levels than
 * are counted uses as much as its whole file system: it passes every limit that could be passed.
 */
export async function directoryUsage(path: string, limits = walkLimits): Promise<DirectoryUsage> {
  try {
    await using root = await Directory.open(path);
    const { dev, blocks } = await root.stats();
    const walk: Walk = { usedBytes: blocks * blockBytes, inodesUsed: 1, isCut: false, limits, device: dev, seen: new Set() };
    await countBelow({ above: root, names: [], depth: 0 }, walk);
    const { usedBytes, inodesUsed } = walk.isCut ? await fileSystemUsage(path) : walk;
    return { usedBytes, inodesUsed };
  } catch (error) {
    if (!passable.has(errorCode(error))) throw error;
    return { usedBytes: 0, inodesUsed: 0 };
  }
}

/** A directory by its way from an open one. */
interface Way {
  readonly above: Directory;
  readonly names: readonly EntryName[];
  readonly depth: number;
}

async function countBelow({ above, names, depth }: Way, walk: Walk): Promise<void> {
  if (names.length === levelsPerHandle) {
    await using directory = await above.descend(names);
    await countBelow({ above: directory, names: [], depth }, walk);
    return;
  }
  for (const name of await countEntries(await above.descend(names), walk)) {
    if (depth >= walk.limits.depth) walk.isCut = true;
    if (walk.isCut) return;
    try {
      await countBelow({ above, names: [...names, name], depth: depth + 1 }, walk);
    } catch (error) {
      if (!passable.has(errorCode(error))) throw error;
    }
  }
}

/** Closes the directory. Returns the names of those in it. */
async function countEntries(opened: Directory, walk: Walk): Promise<readonly EntryName[]> {
  await using directory = opened;
  const directories: EntryName[] = [];
  for (const name of await directory.entries()) {
    if (walk.inodesUsed >= walk.limits.entries) walk.isCut = true;
    if (walk.isCut) return [];
    try {
      if (await countEntry(directory, name, walk)) directories.push(name);
    } catch (error) {
      if (!passable.has(errorCode(error))) throw error;
    }
  }
  return directories;
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
