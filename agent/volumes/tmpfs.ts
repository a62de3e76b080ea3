/** Files that never touch the disk. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function isMounted(path: string): Promise<boolean> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').some((line) => line.split(' ')[4] === path);
}

/** Mounts a file system of memory on the directory, unless there is one already. `bytesMax` 0: as large as the kernel lets it. */
export async function mountTmpfs(path: string, bytesMax = 0): Promise<void> {
  if (await isMounted(path)) return;
  const size = bytesMax === 0 ? [] : ['-o', `size=${bytesMax}`];
  await run('mount', ['-t', 'tmpfs', ...size, 'tmpfs', path]);
}
