/** Unmounts what pods that were still running had below a directory, which can be removed then. */
import { readFileSync } from 'node:fs';
import { runCommand } from '../../agent/network/run.ts';

export async function unmountBelow(directory: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.toReversed()) await runCommand(['umount', '-l', path]);
}
