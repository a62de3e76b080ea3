/**
 * Removes a directory and all below it while containers may still change it. Every directory is first moved into the
 * trash, where no container has names, and only read there: a swapped link is removed, not followed. The kernel refuses to
 * move a mount point, so nothing below a mount is touched. Three handles are enough, however deep the tree is.
 */
import type { Directory, EntryName } from './directory.ts';
import { errorCode } from './error-code.ts';

/** A directory that is filled faster than it is emptied is left for the next try. */
const passesMax = 5;

let count = 0;

/** `trash` is a directory of the same file system that no container can write. */
export async function removeTree(parent: Directory, name: EntryName, trash: Directory): Promise<void> {
  const moved: string[] = [];
  await removeEntry(parent, name, { trash, moved });
  for (let next = moved.pop(); next !== undefined; next = moved.pop()) await removeMoved(next, { trash, moved });
}

/** What an agent that ended in the middle of a removal left behind. */
export async function emptyTrash(trash: Directory): Promise<void> {
  for (const name of await trash.entries()) await removeTree(trash, name, trash);
}

interface Removal {
  readonly trash: Directory;
  /** Names in the trash that are still to be emptied. */
  readonly moved: string[];
}

async function removeEntry(from: Directory, name: EntryName, { trash, moved }: Removal): Promise<void> {
  try {
    await from.unlink(name);
    return;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    if (errorCode(error) !== 'EISDIR') throw error;
  }
  const place = `${process.pid}-${(count += 1)}`;
  await from.rename(name, place, trash);
  moved.push(place);
}

async function removeMoved(name: string, removal: Removal): Promise<void> {
  const { trash } = removal;
  await using directory = await trash.directory(name);
  for (let pass = 1; ; pass += 1) {
    for (const entry of await directory.entries()) await removeEntry(directory, entry, removal);
    try {
      await trash.removeDirectory(name);
      return;
    } catch (error) {
      if (errorCode(error) !== 'ENOTEMPTY' || pass === passesMax) throw error;
    }
  }
}
