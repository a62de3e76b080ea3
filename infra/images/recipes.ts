/** What is in the images that tests and examples run: the smallest thing that behaves like the real one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSource } from '../../agent/images/image-tar.ts';
import type { TarEntry } from '../../agent/images/tar.ts';
import { runCommand } from '../../agent/network/run.ts';
import { unpackedPackage } from './debian-package.ts';

/** Raise it when a recipe's code changes in a way that the texts in this file do not show. */
const recipesVersion = 2;

const file = (path: string, text: string): TarEntry => ({ path, content: text });
const directory = (path: string, mode = 0o755): TarEntry => ({ path, mode });
const copied = (path: string, from: string): TarEntry => ({ path, content: readFileSync(from), mode: 0o755 });

const users = 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n';
const groups = 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n';

/** A shell, and enough around it for `exec` and small scripts. */
export async function busyboxFiles(cache: string): Promise<readonly TarEntry[]> {
  const binary = join(await unpackedPackage('busybox-static', cache), 'bin/busybox');
  const applets = (await runCommand([binary, '--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox');
  return [
    ...['bin/', 'dev/', 'etc/', 'proc/', 'root/', 'run/', 'sys/', 'usr/', 'usr/bin/', 'var/'].map((path) => directory(path)),
    directory('tmp/', 0o1777),
    copied('bin/busybox', binary),
    ...applets.map((name): TarEntry => ({ path: `bin/${name}`, symlink: '/bin/busybox' })),
    file('etc/passwd', users),
    file('etc/group', groups),
  ];
}

/** The libraries of this machine that a program is linked to. */
async function libraryFiles(binary: string, packageName: string): Promise<readonly TarEntry[]> {
  const linked = await runCommand(['ldd', binary]);
  const absent = [...linked.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name);
  if (absent.length > 0)
    throw new Error(`${packageName} needs ${absent.join(', ')} on this machine; apt-get install -y ${packageName} would bring it`);
  const libraries = [...linked.matchAll(/(?:=>\s|^\s)(\/\S+) \(/gm)].map(([, path = '']) => path);
  const directories = new Set(libraries.flatMap((path) => parents(path)));
  return [...[...directories].sort().map((path) => directory(path)), ...libraries.map((path) => copied(path.slice(1), path))];
}

async function nginxFiles(cache: string): Promise<readonly TarEntry[]> {
  const binary = join(await unpackedPackage('nginx', cache), 'usr/sbin/nginx');
  const types = join(await unpackedPackage('nginx-common', cache), 'etc/nginx/mime.types');
  return [
    ...(await libraryFiles(binary, 'nginx')),
    ...['usr/sbin/', 'etc/nginx/', 'usr/share/', 'usr/share/nginx/', 'usr/share/nginx/html/'].map((path) => directory(path)),
    copied('usr/sbin/nginx', binary),
    { path: 'etc/nginx/mime.types', content: readFileSync(types) },
  ];
}

/** What can verify a certificate, which busybox's wget cannot. */
async function curlFiles(cache: string): Promise<readonly TarEntry[]> {
  const binary = join(await unpackedPackage('curl', cache), 'usr/bin/curl');
  return [...(await libraryFiles(binary, 'curl')), copied('usr/bin/curl', binary)];
}

/** usr/, usr/lib/ of /usr/lib/x.so. */
const parents = (path: string): string[] =>
  path
    .split('/')
    .slice(1, -1)
    .map((_, index, names) => `${names.slice(0, index + 1).join('/')}/`);

/** Everything that is written goes to /tmp, so that it also runs as another user. */
const nginxConfig = (port: string, root: string): string => `daemon off;
worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/stderr;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  default_type text/plain;
  access_log /dev/stdout;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  keepalive_timeout 0;
  server {
    listen ${port};
    root /usr/share/nginx/html;
    location = / { ${root} }
    # Which pod answered.
    location = /hostname { return 200 "$hostname\\n"; }
    # Healthy as long as the file is there: rm /usr/share/nginx/html/healthz makes it ill.
    location = /healthz { try_files /healthz =503; }
  }
}
`;

const page = 'try_files /index.html =404;';
const whoAnswers = 'return 200 "$hostname\\n$server_addr\\n$remote_addr\\n";';

const site = (config: string, index: string): readonly TarEntry[] => [
  file('etc/nginx/nginx.conf', config),
  file('usr/share/nginx/html/index.html', index),
  file('usr/share/nginx/html/healthz', 'ok\n'),
];

const sites = {
  nginxV1: site(nginxConfig('80', page), '<title>nginx v1</title>\n'),
  nginxV2: site(nginxConfig('80', page), '<title>nginx v2</title>\n'),
  tomcat: site(nginxConfig('8080', page), '<title>tomcat v1</title>\n'),
  echo: site(nginxConfig('$PORT', whoAnswers), ''),
};

const nginx = ['/usr/sbin/nginx', '-c', '/etc/nginx/nginx.conf', '-e', '/dev/stderr'];
const onPort = 'sed "s/listen .*;/listen $PORT;/" /etc/nginx/nginx.conf > /tmp/nginx.conf && exec nginx -c /tmp/nginx.conf -e /dev/stderr';

/** What decides what the images contain; they are built again when it changes. */
export const recipesText = JSON.stringify({ recipesVersion, sites, nginx, onPort, users, groups, arch: process.arch });

export async function recipes(cache: string): Promise<readonly ImageSource[]> {
  const busybox = await busyboxFiles(cache);
  const web = [...busybox, ...(await nginxFiles(cache))];
  const serve = { command: nginx };
  return [
    { names: ['docker.io/library/busybox:1.36', 'docker.io/library/busybox:latest'], files: busybox, config: { command: ['sh'] } },
    { names: ['docker.io/nginx/nginx:v1', 'docker.io/library/nginx:latest'], files: [...web, ...sites.nginxV1], config: serve },
    { names: ['docker.io/nginx/nginx:v2'], files: [...web, ...sites.nginxV2], config: serve },
    { names: ['docker.io/tomcat/tomcat-8.5-jre8:v1'], files: [...web, ...sites.tomcat], config: serve },
    { names: ['docker.io/curlimages/curl:latest'], files: [...busybox, ...(await curlFiles(cache))], config: { command: ['sh'] } },
    // Answers with its name, its address and the caller's, a line each, on $PORT.
    {
      names: ['docker.io/library/echo:latest', 'docker.io/library/echo:v1'],
      files: [...web, ...sites.echo],
      config: { command: ['/bin/sh', '-c', onPort], env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'PORT=8080'] },
    },
  ];
}
