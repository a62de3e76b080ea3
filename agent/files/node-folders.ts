/** The agent's folders on its node, before anything is put there: other users of the machine see nothing of pods and Secrets. */
import { mkdir, rm } from 'node:fs/promises';
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

export async function prepareFolders(folders: Directories): Promise<void> {
  const { root, pods, logs, containerLogs, staged, pluginRegistry, devicePlugins, seccomp, ...secret } = folders;
  for (const path of [root, pods, staged, pluginRegistry, devicePlugins, seccomp]) await prepare(path, passageMode);
  // A machine's own folder for logs keeps the mode that it has.
  for (const path of [logs, containerLogs])
    await (path.startsWith(`${root}/`) ? prepare(path, passageMode) : mkdir(path, { recursive: true }));
  const ownFolders = [secret.trash, secret.network, secret.apiService, secret.podResources, dirname(secret.checkpoint)];
  for (const path of ownFolders) await prepare(path, privateMode);
  await rm(secret.clearCheckpoint, { force: true });
  await using trash = await Directory.open(secret.trash);
  await emptyTrash(trash);
}
