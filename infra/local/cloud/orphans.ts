/** Processes that run for the cloud on this machine, remembered in files: one that was frozen would otherwise outlive a crash of its invoker. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../data-directory.ts';
import { endProcess, recordProcess } from '../process-record.ts';

const directoryOf = (root: string): string => join(root, 'processes');

export function rememberProcess(root: string, child: ChildProcess): void {
  if (child.pid === undefined) return;
  const file = join(directoryOf(root), `${child.pid}.json`);
  recordProcess(file, child.pid);
  child.once('exit', () => rmSync(file, { force: true }));
}

/** Ends what an earlier invoker left behind. */
export async function endOrphans(root: string): Promise<void> {
  try {
    const files = readdirSync(directoryOf(root));
    await Promise.all(files.map((file) => endProcess(join(directoryOf(root), file), 0)));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
