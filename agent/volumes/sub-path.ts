/**
 * The part of a volume that a container mounts alone. What is not there is made, as accessible as the volume itself; a
 * symlink that leads out of the volume is not followed. Source: pkg/volume/util/subpath/subpath_linux.go (SafeMakeDir)
 */
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export class SubPathError extends Error {
  override name = 'SubPathError';
}

const isThere = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path);
    // Whatever the process's mask says.
    await chmod(path, mode);
  } catch (error) {
    if (!isThere(error)) throw error;
  }
}

/** `path` is below `volumePath`. What is there already may be a file. */
export async function makeSubPath(volumePath: string, path: string): Promise<void> {
  const root = await realpath(volumePath);
  const mode = (await stat(root)).mode & 0o7777;
  let current = root;
  for (const name of relative(volumePath, path).split(sep)) {
    await makeDirectory(join(current, name), mode);
    current = await realpath(join(current, name));
    const isWithin = current === root || current.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
    if (!isWithin) throw new SubPathError(`subpath "${path}" not within volume path "${volumePath}"`);
  }
}
