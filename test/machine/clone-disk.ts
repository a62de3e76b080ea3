/**
 * A disk with what somebody has who cloned this repository on the machine: its files as they are here now, the npm
 * packages that its users need, and the archive of one small image, since there is no registry.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { buildImages } from '../../infra/images/build.ts';
import { makeFileSystem } from './image.ts';
import { cloneDirectory, cloneLabel } from './releases.ts';

const root = join(import.meta.dirname, '../..');
const diskBytes = 1024 ** 3;
const copyMsMax = 5 * 60_000;

const podImageArchive = 'images/busybox.tar';
/** Where the machine finds it. */
export const podImageFile = join(cloneDirectory, podImageArchive);
export const podImage = 'busybox:1.36';

interface LockedPackage {
  readonly dev?: boolean;
}

/** Directories below the root; those of other platforms are not there. A package in another one comes with it. */
function neededPackages(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path.lastIndexOf('node_modules/') === 0 && dev !== true && existsSync(join(root, path)))
    .map(([path]) => path);
}

async function copyClone(to: string): Promise<void> {
  const listed = await runCommand(['git', '-C', root, 'ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  const files = listed.split('\0').filter((path) => path !== '' && path !== 'node_modules' && existsSync(join(root, path)));
  const names = [...files, ...neededPackages(), 'node_modules/.bin'].map((path) => `${path}\0`).join('');
  mkdirSync(to);
  const copy = 'tar -C "$1" --null --no-unquote -T - -cf - | tar -C "$2" -xf -';
  await runCommand(['bash', '-o', 'pipefail', '-c', copy, 'copy', root, to], { input: names, timeoutMs: copyMsMax });
  copyFileSync(join(root, 'package-lock.json'), join(to, 'node_modules/.installed-lock'));
}

export async function makeCloneDisk(disk: string): Promise<void> {
  const clone = `${disk}.files`;
  await copyClone(clone);
  const image = (await buildImages()).find(({ names }) => names.includes(`docker.io/library/${podImage}`));
  mkdirSync(join(clone, 'images'));
  copyFileSync(image!.file, join(clone, podImageArchive));
  await makeFileSystem(clone, disk, { bytes: diskBytes, label: cloneLabel });
  rmSync(clone, { recursive: true });
}
