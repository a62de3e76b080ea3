/** What is mounted below a directory. */
import { readFileSync } from 'node:fs';
import { runCommand } from '../../../agent/network/run.ts';
import { succeeds } from './link.ts';

const mountPoints = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))));

/** Unmounts everything below a directory, deepest first. A directory with pods' volumes is removed only after this. */
export async function unmountBelow(directory: string): Promise<void> {
  const below = mountPoints().filter((path) => path.startsWith(`${directory}/`));
  for (const path of below.reverse()) {
    if (!(await succeeds(['umount', path]))) await runCommand(['umount', '--lazy', path]);
  }
  // What is removed next must not be something of the machine's that shows through.
  const left = mountPoints().filter((path) => path.startsWith(`${directory}/`));
  if (left.length > 0) throw new Error(`${left.join(', ')} cannot be unmounted`);
}
