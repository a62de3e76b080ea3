/** What is in the images that upstream's suite names: Debian's files and upstream's programs, at the paths that its tests use. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig, ImageSource } from '../../agent/images/image-tar.ts';
import type { TarEntry } from '../../agent/images/tar.ts';
import { runCommand } from '../../agent/network/run.ts';
import { treeEntries } from '../support/debian-tree.ts';
import { createCertificateAuthority } from '../../functions/client/certificates.ts';
import { realWorld } from '../../functions/world.ts';
import type { ImageProgram } from './programs.ts';

type Content = Pick<ImageSource, 'below' | 'files' | 'config'>;

/** By repository. The tag decides only what the web servers answer with. */
export type Recipes = Readonly<Record<string, (tag: string) => Content>>;

/** Thrown by a recipe whose program is neither there nor can be built. */
export class MissingProgram extends Error {
  constructor(name: string) {
    super(`there is no ${name}, and no Go to build it with`);
    this.name = 'MissingProgram';
  }
}

/** What the images need of Debian, with all that it depends on. */
export const debianPackages = [
  'base-files',
  'bash',
  'bind9-dnsutils',
  'conntrack',
  'curl',
  'dash',
  'etcd-server',
  'iproute2',
  'iptables',
  // For getent, by which the tests of names read /etc/hosts.
  'libc-bin',
  'netcat-openbsd',
  'nginx-light',
  'perl-base',
  'procps',
  'stress',
  'util-linux',
  // The version of unstable: an older shell drops environment variables whose names hold dashes or dots.
  'busybox-static/sid',
];

const users = 'root:x:0:0:root:/root:/bin/sh\ndefault-user:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n';
const groups = 'root:x:0:\ndefault-user:x:1000:\nnogroup:x:65534:\n';

const file = (path: string, content: string | Buffer, mode = 0o644): TarEntry => ({ path, content, mode });
const directory = (path: string, mode = 0o755): TarEntry => ({ path, mode });
const link = (path: string, symlink: string): TarEntry => ({ path, symlink });

/**
 * The shell reports a failed redirection with its line; the suite expects the words of the release before, without it.
 * The format ends where the line would begin.
 */
function busyboxProgram(tree: string): Buffer {
  const program = readFileSync(join(tree, 'usr/bin/busybox'));
  const format = Buffer.from('line %d: \0');
  const at = program.indexOf(format);
  if (at >= 0 && program.indexOf(format, at + 1) < 0) program.writeUInt8(0, at);
  return program;
}

async function busyboxApplets(tree: string): Promise<readonly string[]> {
  const list = await runCommand([join(tree, 'usr/bin/busybox'), '--list']);
  return list.split('\n').filter((name) => name !== '' && name !== 'busybox');
}

/** Small enough to be unpacked in no time: a static shell, and links to it. */
const busyboxFiles = (busybox: Buffer, applets: readonly string[]): readonly TarEntry[] => [
  ...['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'usr', 'var'].map((path) => directory(path)),
  directory('tmp', 0o1777),
  file('bin/busybox', busybox, 0o755),
  ...applets.map((name) => link(`bin/${name}`, '/bin/busybox')),
  file('etc/passwd', users),
  file('etc/group', groups),
];

/**
 * Debian's files. Busybox's tools stand last on the PATH, for what Debian's packages here do not bring; its shell would
 * prefer them.
 */
function debianFiles(tree: string, busybox: Buffer, applets: readonly string[]): readonly TarEntry[] {
  const own = treeEntries(tree).filter(({ path }) => !/^usr\/bin\/(etcd|busybox)/.test(path));
  return [
    ...own,
    file('etc/passwd', users),
    file('etc/group', groups),
    link('usr/bin/nc', 'nc.openbsd'),
    link('usr/bin/awk', 'mawk'),
    link('usr/sbin/iptables', 'iptables-nft'),
    ...['usr/local', 'usr/local/bin', 'usr/local/busybox'].map((path) => directory(path)),
    file('usr/local/busybox/busybox', busybox, 0o755),
    ...applets.map((name) => link(`usr/local/busybox/${name}`, 'busybox')),
  ];
}

const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/busybox'];

const nginxConfig = `user root;
worker_processes 1;
daemon off;
error_log /dev/stderr;
pid /tmp/nginx.pid;
events {}
http {
  access_log /dev/stdout;
  server { listen 80; listen [::]:80; root /usr/share/nginx/html; index index.html; }
}
`;

/** The tag in a file makes two versions two images. */
const nginxFiles = (tag: string): readonly TarEntry[] => [
  file('etc/nginx/nginx.conf', nginxConfig),
  directory('usr/share/nginx/html'),
  file('usr/share/nginx/html/index.html', '<!DOCTYPE html><title>Welcome to nginx!</title>Welcome to nginx!\n'),
  file('etc/image-version', tag),
];

export interface Ingredients {
  /** The result of `debianTree`. */
  readonly tree: string;
  /** The program's file. */
  program(name: ImageProgram): string | undefined;
}

export async function recipesOf({ tree, program }: Ingredients): Promise<Recipes> {
  const [busybox, applets] = [busyboxProgram(tree), await busyboxApplets(tree)];
  const debian = debianFiles(tree, busybox, applets);
  const bytes = (name: ImageProgram): Buffer => {
    const found = program(name);
    if (found === undefined) throw new MissingProgram(name);
    return readFileSync(found);
  };
  const onDebian = (files: readonly TarEntry[], config: ImageConfig): Content => ({ below: [debian], files, config: { env, ...config } });
  let agnhostLayer: readonly TarEntry[] | undefined;
  // Its ports that speak TLS show this certificate, which no client checks; probes of StatefulSets ask for it as a page.
  const { certificatePem, keyPem } = await createCertificateAuthority('localhost', realWorld('error').clock);
  const agnhostFiles = (): readonly TarEntry[] =>
    (agnhostLayer ??= [
      file('agnhost', bytes('agnhost'), 0o755),
      link('agnhost-2', '/agnhost'),
      directory('uploads', 0o777),
      file('localhost.crt', certificatePem),
      file('localhost.key', keyPem),
    ]);
  const agnhost = (config: ImageConfig = {}): Content =>
    onDebian(agnhostFiles(), { entrypoint: ['/agnhost'], command: ['pause'], exposedPorts: ['80/tcp'], ...config });
  const shell = (): Content => onDebian([], { command: ['sh'] });
  // Tests read the picture's name, and the distribution that upstream's image is made of.
  const picture = (name: string): Content => ({
    below: [debian, agnhostFiles()],
    files: [file('data.json', `{"image": "${name}.jpg"}\n`), file('etc/os-release', 'NAME="Alpine Linux"\n')],
    config: { env, entrypoint: ['/agnhost'], command: ['test-webserver'], exposedPorts: ['80/tcp'] },
  });
  const e2e = (name: string): string => `registry.k8s.io/e2e-test-images/${name}`;
  return {
    [e2e('busybox')]: () => ({ files: busyboxFiles(busybox, applets), config: { command: ['sh'] } }),
    [e2e('agnhost')]: () => agnhost(),
    [e2e('nonroot')]: () => agnhost({ user: '1234' }),
    [e2e('ipc-utils')]: shell,
    [e2e('glibc-dns-testing')]: shell,
    [e2e('perl')]: shell,
    [e2e('nginx')]: (tag) => onDebian(nginxFiles(tag), { command: ['nginx'], exposedPorts: ['80/tcp'] }),
    [e2e('kitten')]: () => picture('kitten'),
    [e2e('nautilus')]: () => picture('nautilus'),
    [e2e('nonewprivs')]: () => onDebian([file('usr/local/bin/nnp', bytes('nnp'), 0o4755)], { command: ['nnp'] }),
    [e2e('regression-issue-74839')]: () => onDebian([file('regression', bytes('regression'), 0o755)], { entrypoint: ['/regression'] }),
    [e2e('resource-consumer')]: () =>
      onDebian(
        [
          file('consumer', bytes('consumer'), 0o755),
          directory('consume-cpu'),
          file('consume-cpu/consume-cpu', bytes('consume-cpu'), 0o755),
        ],
        {
          entrypoint: ['/consumer'],
        },
      ),
    [e2e('sample-apiserver')]: () =>
      onDebian([file('sample-apiserver', bytes('sample-apiserver'), 0o755)], { entrypoint: ['/sample-apiserver'] }),
    'registry.k8s.io/etcd': () => onDebian([file('usr/local/bin/etcd', readFileSync(join(tree, 'usr/bin/etcd')), 0o755)], {}),
    'registry.k8s.io/pause': () => ({
      files: [file('pause', bytes('pause'), 0o755)],
      config: { entrypoint: ['/pause'], user: '65535:65535' },
    }),
  };
}
