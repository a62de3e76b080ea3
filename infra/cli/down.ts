/** `hibernetes down`: ends what `up` started and removes what it made outside the data directory. */
import { rmSync } from 'node:fs';
import { dataDirectory } from '../local/data-directory.ts';
import { stopCluster } from '../local/stop-cluster.ts';
import { print, progressOf, type OutputChoice } from './output.ts';

export interface DownOptions extends OutputChoice {
  readonly dataDir: string;
  readonly deleteData?: boolean;
}

export async function down({ dataDir, deleteData = false, ...choice }: DownOptions): Promise<void> {
  const progress = progressOf(choice);
  const directory = dataDirectory(dataDir);
  await progress.step('Stopping the control plane, the nodes and their pods', () => stopCluster(directory));
  if (deleteData) await progress.step(`Deleting ${directory.root}`, async () => rmSync(directory.root, { recursive: true, force: true }));
  print(choice, { dataDirectory: directory.root, dataDeleted: deleteData }, () => '');
}
