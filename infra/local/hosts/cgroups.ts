/** The kernel's groups of processes, in all hierarchies that the machine has. */
import { existsSync, globSync, readFileSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the hierarchies of cgroups are mounted: several of version 1, or the one of version 2. */
export function cgroupRoots(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
}

const goneWithinMs = 5_000;
const checkAgainMs = 20;

const isBusy = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EBUSY';

/** What was killed a moment ago may still be on its way out of its cgroup. */
export async function removeCgroups(cgroupParent: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += checkAgainMs) {
    try {
      for (const root of cgroupRoots()) removeTree(join(root, cgroupParent));
      return;
    } catch (error) {
      if (!isBusy(error) || waitedMs >= goneWithinMs) throw error;
      await sleep(checkAgainMs);
    }
  }
}

/** The files in a cgroup's directory go with it and cannot be removed before. */
function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) removeTree(path);
  }
  rmdirSync(directory);
}

/** Everything that runs in the cgroup or below. */
export function cgroupProcesses(cgroupParent: string): readonly number[] {
  const files = cgroupRoots().flatMap((root) =>
    globSync('**/cgroup.procs', { cwd: join(root, cgroupParent) }).map((file) => join(root, cgroupParent, file)),
  );
  return files.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number));
}
