/**
 * Gives a volume to the group of its pod (`fsGroup`): every file and directory, and what is made in there later. Containers may
 * change the volume meanwhile: it is walked by handles, and links are left alone. Source: pkg/volume/volume_linux.go
 */
import type { Stats } from 'node:fs';
import { chmod, chown, type FileHandle } from 'node:fs/promises';
import { Directory, type EntryName } from '../../files/directory.ts';
import { errorCode } from '../../files/error-code.ts';

export interface VolumeGroup {
  readonly id: number;
  readonly isReadOnly: boolean;
  /** `OnRootMismatch`: a volume whose root is the group's already is left as it is. */
  readonly changePolicy?: string | undefined;
}

const depthMax = 1000;
const readMode = 0o440;
const writeMode = 0o660;
/** Entering a directory, and its group for what is made in it. */
const directoryMode = 0o2110;

const modeFor = (stats: Stats, { isReadOnly }: VolumeGroup): number =>
  (isReadOnly ? readMode : writeMode) | (stats.isDirectory() ? directoryMode : 0);

export async function giveToGroup(path: string, group: VolumeGroup): Promise<void> {
  await using root = await Directory.open(path);
  const handle = await root.reopen();
  try {
    const stats = await handle.stat();
    const wanted = modeFor(stats, group);
    if (group.changePolicy === 'OnRootMismatch' && stats.gid === group.id && (stats.mode & wanted) === wanted) return;
    await changeBelow(root, [], group);
    // The root comes last: as long as it is not the group's, the work is not done.
    await change(handle, group);
  } finally {
    await handle.close();
  }
}

async function change(handle: FileHandle, group: VolumeGroup): Promise<void> {
  const stats = await handle.stat();
  if (stats.isSymbolicLink()) return;
  const path = `/proc/self/fd/${handle.fd}`;
  await chown(path, stats.uid, group.id);
  // After the owner, which takes the bits of programs away.
  await chmod(path, (stats.mode & 0o7777) | modeFor(stats, group));
}

async function changeBelow(root: Directory, names: readonly EntryName[], group: VolumeGroup): Promise<void> {
  if (names.length > depthMax) throw new Error(`directories are nested more than ${depthMax} deep`);
  // No handle stays open on the way down.
  for (const name of await changeFiles(root, names, group)) {
    await unlessGone(async () => {
      await changeBelow(root, [...names, name], group);
      await using parent = await root.descend(names);
      await using handle = await parent.reference(name);
      await change(handle, group);
    });
  }
}

/** Answers the directories. */
async function changeFiles(root: Directory, names: readonly EntryName[], group: VolumeGroup): Promise<EntryName[]> {
  await using directory = await root.descend(names);
  const directories: EntryName[] = [];
  for (const name of await directory.entries()) {
    await unlessGone(async () => {
      await using handle = await directory.reference(name);
      if ((await handle.stat()).isDirectory()) directories.push(name);
      else await change(handle, group);
    });
  }
  return directories;
}

/** A container removed it, or put a link in its place. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error))) throw error;
  }
}
