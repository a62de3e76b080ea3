/**
 * Takes away the cgroups that pods leave empty: in every hierarchy where the runtime made them, or by systemd, which keeps
 * a slice until it is stopped.
 */
import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CommandFailed, type Run } from '../network/run.ts';

export const cgroupFileSystem = '/sys/fs/cgroup';

const passable = new Set(['ENOENT', 'ENOTDIR', 'EBUSY', 'ENOTEMPTY', 'EROFS', 'EPERM']);

const isPassable = (error: unknown): boolean =>
  error instanceof CommandFailed || (error instanceof Error && 'code' in error && passable.has(String(error.code)));

/** A cgroup that is busy or gone is not worth failing a pod's end for. */
export function cgroupRemover(root: string, run: Run): (parent: string) => Promise<void> {
  const remove = async (path: string): Promise<void> => {
    if (!path.endsWith('.slice')) return rmdir(path);
    if (existsSync(path)) await run(['systemctl', 'stop', basename(path)]);
  };
  return async (parent) => {
    for (const hierarchy of ['.', ...(await readdir(root))]) {
      await remove(join(root, hierarchy, parent)).catch((error: unknown) => {
        if (!isPassable(error)) throw error;
      });
    }
  };
}
