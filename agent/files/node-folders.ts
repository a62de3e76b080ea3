/** The agent's folders on its node, before anything is put there: other users of the machine see nothing of pods and Secrets. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Directories } from '../pods/directories.ts';
import { Directory, passageMode } from './directory.ts';
import { emptyTrash } from './remove-tree.ts';

const privateMode = 0o700;

async function prepare(path: string, mode: number): Promise<void> {
  await using folder = await Directory.make(path, mode);
  // An older agent may have made it for all to see.
  await folder.setMode(mode);
}

export async function prepareFolders({ root, pods, logs, staged, seccomp, ...secret }: Directories): Promise<void> {
  for (const path of [root, pods, logs, staged, seccomp]) await prepare(path, passageMode);
  for (const path of [secret.trash, secret.network, secret.apiService, dirname(secret.checkpoint)]) await prepare(path, privateMode);
  await rm(secret.clearCheckpoint, { force: true });
  await using trash = await Directory.open(secret.trash);
  await emptyTrash(trash);
}
