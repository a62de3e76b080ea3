/** What machines fetch that join: beside the module, where the bundle of the API has it; no files otherwise. */
import { join } from 'node:path';
import type { JoinFiles } from '../apiserver/nodes/join-files.ts';
import { joinHashesFile } from '../node-protocol/agent-program.ts';
import { fileBeside } from './file-beside.ts';

export { joinHashesFile };

export const joinDirectory = 'join';

const names = /^[a-z0-9.-]+$/;

export function bundledJoinFiles(directory: string = join(import.meta.dirname, joinDirectory)): JoinFiles {
  return {
    hashes: async () =>
      JSON.parse((await fileBeside(directory, joinHashesFile))?.toString('utf8') ?? '{}') as Readonly<Record<string, string>>,
    read: async (name) => (names.test(name) ? fileBeside(directory, `${name}.gz`) : undefined),
  };
}
