/** An archive's files in memory, for tests and simulations. */
import type { ArchiveFiles } from './archive-files.ts';

export interface MemoryFiles extends ArchiveFiles {
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** `before` is called ahead of each call, and may throw what the call is to fail with. */
export function memoryFiles(before: (method: keyof ArchiveFiles) => void = () => undefined): MemoryFiles {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    async create(name, bytes) {
      before('create');
      if (files.has(name)) return 'taken';
      files.set(name, Buffer.from(bytes));
      return 'written';
    },
    async read(name) {
      before('read');
      return files.get(name);
    },
    async list(prefix) {
      before('list');
      return [...files.keys()].filter((name) => name.startsWith(prefix)).toSorted();
    },
    async remove(names) {
      before('remove');
      for (const name of names) files.delete(name);
    },
  };
}
