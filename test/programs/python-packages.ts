/** Packages of PyPI for images: Debian's Python, and the packages unpacked beside it. Nothing is installed on the machine. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TarEntry } from '../../agent/images/tar.ts';
import { runCommand } from '../../agent/network/run.ts';
import { debianTree, treeEntries } from '../support/debian-tree.ts';
import type { PythonPackage } from './program.ts';

/** The version of Python in our Debian. */
const pythonVersion = '3.13';
const platforms = ['manylinux_2_28_x86_64', 'manylinux2014_x86_64', 'any'];
const installMsMax = 300_000;

/** Where the packages stand in an image; PYTHONPATH names it. */
export const sitePackages = 'opt/site-packages';

/** The directory that holds the package and what it depends on. */
export async function wheelsDirectory({ package: name }: PythonPackage, version: string, cache: string): Promise<string> {
  const directory = join(cache, 'python', `${name}-${version}`);
  if (existsSync(directory)) return directory;
  const making = `${directory}.partial`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(dirname(directory), { recursive: true });
  const target = ['--python-version', pythonVersion, ...platforms.flatMap((platform) => ['--platform', platform]), '--target', making];
  const pip = ['python3', '-m', 'pip', 'install', '--quiet', '--no-compile', '--only-binary=:all:'];
  await runCommand([...pip, ...target, `${name}==${version}`], { timeoutMs: installMsMax });
  renameSync(making, directory);
  return directory;
}

/** Python and the packages of this directory, as one layer. */
export async function pythonFiles(directory: string, cache: string): Promise<readonly TarEntry[]> {
  const python = treeEntries(await debianTree(cache, ['python3']));
  const packages = treeEntries(directory).map((entry) => ({ ...entry, path: `${sitePackages}/${entry.path}` }));
  return [{ path: 'tmp/', mode: 0o1777 }, ...python, { path: `${sitePackages}/`, mode: 0o755 }, ...packages];
}
