/** How containers get their own view of an image's files. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { succeeds } from './link.ts';

/** `native` copies all files for each container: slow, but works on every file system. */
export type Snapshotter = 'overlayfs' | 'native';

/** Inside another container the disk often is an overlay itself, and the kernel does not stack them: try it. */
export async function snapshotterFor(directory: string): Promise<Snapshotter> {
  const probe = mkdtempSync(join(directory, 'overlay-probe-'));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(probe, name));
  for (const path of [lower, upper, work, merged]) mkdirSync(path ?? probe, { recursive: true });
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const works = await succeeds(['mount', '-t', 'overlay', 'overlay', '-o', options, merged ?? probe]);
  if (works) await succeeds(['umount', merged ?? probe]);
  rmSync(probe, { recursive: true, force: true });
  return works ? 'overlayfs' : 'native';
}
