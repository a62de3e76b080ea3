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
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TarEntry } from '../../agent/images/tar.ts';
import { runCommand } from '../../agent/network/run.ts';

/** A release of its own, so that the images are the same on every machine. */
const release = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

const packages = [
  'base-files',
  'bash',
  'bind9-dnsutils',
  'conntrack',
  'curl',
  'dash',
  'etcd-server',
  'iproute2',
  'iptables',
  // For getent, by which the tests of names look into /etc/hosts.
  'libc-bin',
  'netcat-openbsd',
  'nginx-light',
  'perl-base',
  'procps',
  'stress',
  'util-linux',
  // Of unstable: the shell of an older one drops environment variables whose names hold dashes or dots.
  'busybox-static/sid',
];

const timeoutMs = 300_000;

/** The directory that holds the tree; once there, no network is needed. */
export async function debianTree(cache: string): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify([release, packages]))
    .digest('hex')
    .slice(0, 12);
  const tree = join(cache, 'debian', hash);
  if (existsSync(tree)) return tree;
  const state = `${tree}.apt`;
  rmSync(state, { recursive: true, force: true });
  const apt = aptCommand(state);
  await runCommand([...apt, 'update'], { timeoutMs });
  await runCommand([...apt, '-y', '--no-install-recommends', '--download-only', 'install', ...packages], { timeoutMs });
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
  rmSync(state, { recursive: true, force: true });
  return tree;
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
