/**
 * A tree of Debian's files for the images, without installing anything: packages with all that they depend on, unpacked
 * side by side. No package's own scripts run, so links that they would make are made by the recipes.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TarEntry } from '../../agent/images/tar.ts';
import { CommandFailed, runCommand } from '../../agent/network/run.ts';

/** A release of its own, so that the images are the same on every machine. */
const release = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

const timeoutMs = 300_000;

/**
 * The directory that holds the tree; once there, no network is needed. A package is of our release, or of another where
 * its name ends with `/RELEASE`, as for apt.
 */
export async function debianTree(cache: string, packages: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify([release, packages]))
    .digest('hex')
    .slice(0, 12);
  const tree = join(cache, 'debian', hash);
  if (existsSync(tree)) return tree;
  const state = join(cache, 'debian/apt');
  await downloadPackages(state, packages);
  const making = `${tree}.partial`;
  rmSync(making, { recursive: true, force: true });
  for (const directory of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(making, 'usr', directory), { recursive: true });
    symlinkSync(`usr/${directory}`, join(making, directory));
  }
  const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"';
  for (const file of globSync(join(state, 'archives/*.deb')).sort())
    await runCommand(['sh', '-c', unpack, 'sh', file, making], { timeoutMs });
  renameSync(making, tree);
  rmSync(join(state, 'archives'), { recursive: true });
  return tree;
}

/** Into `archives`. The lists stay for the next tree, and are fetched again when they are too old to find the packages. */
async function downloadPackages(state: string, packages: readonly string[]): Promise<void> {
  rmSync(join(state, 'archives'), { recursive: true, force: true });
  const apt = aptCommand(state);
  const update = (): Promise<string> => runCommand([...apt, 'update'], { timeoutMs });
  const download = (): Promise<string> =>
    runCommand([...apt, '-y', '--no-install-recommends', '--download-only', 'install', ...packages], { timeoutMs });
  if (readdirSync(join(state, 'lists')).every((name) => name === 'partial')) await update();
  await download().catch(async (error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error;
    await update();
    await download();
  });
}

/** Its own lists and an empty status: what the machine has installed does not count. */
function aptCommand(state: string): readonly string[] {
  for (const directory of ['lists/partial', 'archives/partial']) mkdirSync(join(state, directory), { recursive: true });
  const sources = [release, 'sid'].map((suite) => `deb [signed-by=${keyring}] ${debianMirror()} ${suite} main\n`);
  writeFileSync(join(state, 'sources.list'), sources.join(''));
  writeFileSync(join(state, 'status'), '');
  const settings = {
    'Dir::State': state,
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Default-Release': release,
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': 'true',
  };
  return ['apt-get', '-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** The mirror that this machine's own apt sources name. Throws where they name none. */
function debianMirror(): string {
  const texts = globSync('/etc/apt/{sources.list,sources.list.d/*}').map((file) => readFileSync(file, 'utf8'));
  const mirror = /^[^#\n]*?(https?:\/\/\S+\/debian)\/?(?=\s|$)/m.exec(texts.join('\n'))?.[1];
  if (mirror === undefined) throw new Error('the apt sources of this machine name no Debian mirror, which the images are made from');
  return mirror;
}

const leftOut = /^(usr\/share\/(doc|man|locale|i18n|info|lintian|bash-completion)|var\/cache|usr\/include|etc\/(init\.d|cron))(\/|$)/;

/** The tree as entries of an image's layer. All files are root's. */
export function treeEntries(tree: string): readonly TarEntry[] {
  return globSync('**', { cwd: tree })
    .filter((path) => path !== '.' && path !== '' && !leftOut.test(path))
    .sort()
    .map((path) => treeEntry(tree, path));
}

function treeEntry(tree: string, path: string): TarEntry {
  const file = join(tree, path);
  const { mode } = lstatSync(file);
  if (lstatSync(file).isSymbolicLink()) return { path, symlink: readlinkSync(file) };
  return lstatSync(file).isDirectory() ? { path, mode: mode & 0o7777 } : { path, mode: mode & 0o7777, content: readFileSync(file) };
}
