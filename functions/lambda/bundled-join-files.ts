/** What machines fetch that join: beside the module, where the bundle of the API has it; no files otherwise. */
import { join } from 'node:path';
import type { JoinFiles } from '../apiserver/nodes/join-files.ts';
import { joinHashesFile } from '../kube/agent-program.ts';

export { joinHashesFile };

export const joinDirectory = 'join';

const names = /^[a-z0-9.-]+$/;

export function bundledJoinFiles(directory: string = join(import.meta.dirname, joinDirectory)): JoinFiles {
  const read = async (name: string): Promise<Buffer<ArrayBuffer> | undefined> => {
    const { readFile } = await import('node:fs/promises');
    try {
      return await readFile(join(directory, name));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return {
    hashes: async () => JSON.parse((await read(joinHashesFile))?.toString('utf8') ?? '{}') as Readonly<Record<string, string>>,
    read: async (name) => (names.test(name) ? read(`${name}.gz`) : undefined),
  };
}
