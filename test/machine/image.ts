/**
 * A machine's disk and kernel, made from Debian's packages and kept in the cache under the hash of their recipe.
 * Needs root, mmdebstrap and e2fsprogs; once an image is there, neither these nor a network.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import {
  enabledUnits,
  files,
  initialFiles,
  links,
  maskedUnits,
  offeredDirectory,
  offeredPackages,
  packages,
  type Release,
} from './releases.ts';

export const machineCache = join(import.meta.dirname, '../../.cache/machine');

export interface MachineImage {
  /** A file system without a partition table. Never written to: each machine has a layer of its own above it. */
  readonly disk: string;
  readonly kernel: string;
  readonly initialFileSystem: string;
}

export interface ImageOptions {
  readonly bare?: boolean;
}

const hashLength = 12;
const diskBytes = 6 * 1024 ** 3;
const makeMsMax = 40 * 60_000;

const filesOf = (directory: string): MachineImage => ({
  disk: join(directory, 'disk.raw'),
  kernel: join(directory, 'vmlinuz'),
  initialFileSystem: join(directory, 'initrd.img'),
});

/** With what a node needs, or `bare`: as the release's cloud image is. */
export async function machineImage(release: Release, { bare = false }: ImageOptions = {}): Promise<MachineImage> {
  const recipe = readFileSync(join(import.meta.dirname, 'releases.ts'), 'utf8');
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, hashLength);
  const name = bare ? `${release.name}-bare` : release.name;
  const directory = join(machineCache, `${name}-${hash}`);
  if (existsSync(directory)) return filesOf(directory);
  const making = `${directory}.${process.pid}`;
  try {
    mkdirSync(making, { recursive: true });
    await makeImage(release, bare ? packages : [...packages, ...offeredPackages], making);
    // Images of other recipes; what is being made has a longer name.
    for (const old of globSync(`${name}-${'?'.repeat(hashLength)}`, { cwd: machineCache }))
      rmSync(join(machineCache, old), { recursive: true });
    // Whole or not at all.
    renameSync(making, directory);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return filesOf(directory);
}

/** A folder of packages with all that they need, and the list by which apt knows it. */
const offerPackages = [
  `export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" && apt-get install --yes --quiet --download-only --no-install-recommends ${offeredPackages.join(' ')}`,
  `mkdir -p "$1${offeredDirectory}" && mv "$1"/var/cache/apt/archives/*.deb "$1${offeredDirectory}" && cd "$1${offeredDirectory}"`,
  'for file in *.deb; do dpkg-deb --field "$file"; echo "Filename: ./$file"; echo "Size: $(stat -c %s "$file")"',
  'echo "SHA256: $(sha256sum "$file" | cut -d " " -f 1)"; echo; done >Packages',
].join('; ');

async function makeImage(release: Release, installed: readonly string[], making: string): Promise<void> {
  const root = join(making, 'root');
  const { disk, kernel, initialFileSystem } = filesOf(making);
  writeTree(join(making, 'initial'), initialFiles);
  writeTree(join(making, 'files'), files);
  const copy = (name: string): string => `cp -r --no-preserve=ownership ${join(making, name)}/. "$1"`;
  const makeLinks = Object.entries(links).map(([from, to]) => `ln -sf ${to} "$1${from}"`);
  const options = [
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    `--include=${installed.join(',')}`,
    '--aptopt=APT::Sandbox::User "root"',
    // A mirror that stands still is as good.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    `--essential-hook=${copy('initial')}`,
    `--customize-hook=set -eu; ${offerPackages}`,
    `--customize-hook=${copy('files')}`,
    `--customize-hook=rm -rf "$1"/etc/apt/sources.list.d && ${makeLinks.join(' && ')}`,
    `--customize-hook=systemctl --root="$1" enable ${enabledUnits.join(' ')}`,
    `--customize-hook=systemctl --root="$1" mask ${maskedUnits.join(' ')}`,
  ];
  // What it mounts in the new root is seen by itself alone, and gone with it.
  const alone = ['unshare', '--mount', '--propagation', 'private'];
  await runCommand([...alone, 'mmdebstrap', '--quiet', ...options, release.suite, root], { timeoutMs: makeMsMax });
  const [vmlinuz, initrd] = ['vmlinuz-*', 'initrd.img-*'].map((pattern) => globSync(join(root, 'boot', pattern))[0] ?? '');
  copyFileSync(vmlinuz ?? '', kernel);
  copyFileSync(initrd ?? '', initialFileSystem);
  await makeFileSystem(root, disk, { bytes: diskBytes, label: 'root' });
  for (const name of ['root', 'initial', 'files']) rmSync(join(making, name), { recursive: true });
}

function writeTree(directory: string, texts: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** A file that holds an ext4 file system with a directory's content; blocks that nothing uses take no room. */
export async function makeFileSystem(from: string, file: string, { bytes, label }: { bytes: number; label: string }): Promise<void> {
  writeFileSync(file, '');
  truncateSync(file, bytes);
  await runCommand(['mke2fs', '-q', '-t', 'ext4', '-L', label, '-d', from, file], { timeoutMs: makeMsMax });
}

if (import.meta.main) {
  const { releaseNamed } = await import('./releases.ts');
  for (const name of process.argv.slice(2)) process.stdout.write(`${(await machineImage(releaseNamed(name))).disk}\n`);
}
