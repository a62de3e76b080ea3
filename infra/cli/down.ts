/** `hibernetes down`: ends what `up` started and removes what it made outside the data directory. */
import { rmSync } from 'node:fs';
import { dataDirectory } from '../local/data-directory.ts';
import { stopCluster } from '../local/stop-cluster.ts';
import { terminalProgress } from './progress.ts';

export async function down({ dataDir, deleteData = false }: { dataDir: string; deleteData?: boolean }): Promise<void> {
  const progress = terminalProgress(process.stdout);
  const directory = dataDirectory(dataDir);
  await progress.step('Stopping the control plane, the nodes and their pods', () => stopCluster(directory));
  if (deleteData) await progress.step(`Deleting ${directory.root}`, async () => rmSync(directory.root, { recursive: true, force: true }));
}
