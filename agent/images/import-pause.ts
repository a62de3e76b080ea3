/** Puts the pause image on the node when it is not there: sandboxes need it and no registry may be in reach. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../network/run.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { pauseImageTar } from './pause.ts';

const importTimeoutMs = 60_000;

export async function importPauseImage(runtime: Pick<Runtime, 'imageStatus'>, socketPath: string, image: string): Promise<void> {
  if ((await runtime.imageStatus(image)) !== undefined) return;
  const directory = await mkdtemp(join(tmpdir(), 'hibernetes-pause-'));
  try {
    const file = join(directory, 'pause.tar');
    await writeFile(file, pauseImageTar(image));
    // Only what is in containerd's namespace of Kubernetes is seen over CRI.
    await runCommand(['ctr', '--address', socketPath, '--namespace', 'k8s.io', 'images', 'import', file], { timeoutMs: importTimeoutMs });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
