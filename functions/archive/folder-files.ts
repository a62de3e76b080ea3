/** An archive's files in a folder of this machine. */
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArchiveFiles } from './archive-files.ts';

const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

/** `draftId` names what a process has not finished writing: another one for each call. */
export function folderFiles(folder: string, draftId: () => string): ArchiveFiles {
  const pathOf = (name: string): string => join(folder, name);
  return {
    async create(name, bytes) {
      await mkdir(dirname(pathOf(name)), { recursive: true, mode: 0o700 });
      const draft = join(folder, `draft-${draftId()}`);
      try {
        await writeSynced(draft, bytes);
        // A link is made only where none is, and by then the bytes are on the disk.
        await link(draft, pathOf(name));
        return 'written';
      } catch (error) {
        if (hasCode(error, 'EEXIST')) return 'taken';
        throw error;
      } finally {
        await rm(draft, { force: true });
      }
    },
    async read(name) {
      try {
        return await readFile(pathOf(name));
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return undefined;
        throw error;
      }
    },
    async list(prefix) {
      const below = dirname(`${prefix}x`);
      try {
        const names = await readdir(pathOf(below));
        return names
          .map((name) => `${below}/${name}`)
          .filter((name) => name.startsWith(prefix))
          .toSorted();
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return [];
        throw error;
      }
    },
    async remove(names) {
      for (const name of names) await rm(pathOf(name), { force: true });
    },
  };
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const output = await open(file, 'w', 0o600);
  try {
    await output.writeFile(bytes);
    await output.sync();
  } finally {
    await output.close();
  }
}
