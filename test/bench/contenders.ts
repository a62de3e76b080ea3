/** The servers that are compared, each in a process of its own with a new data directory. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcClient } from './grpc-client.ts';

export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly client: GrpcClient;
  /** What its process has used of processors so far. */
  cpuMs(): number;
  /** The memory that the store holds now. */
  residentMiB(): number;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
const startWaitMsMax = 10_000;
/** Servers on one processor, the client on the other. */
const serverCore = '0';
const clientCore = '1';

/** This process, with all its threads; false where there are no two processors, or no `taskset`. */
const pinTo = (cores: string): boolean => spawnSync('taskset', ['-acp', cores, String(process.pid)]).status === 0;

export const isPinned = pinTo(clientCore);

/** What is started meanwhile may run anywhere. */
export const unpinned = <T>(start: () => Promise<T>): Promise<T> => startedOn(`0-${cpus().length - 1}`, start);

/** What is started meanwhile runs where servers do. */
export const onServerCore = <T>(start: () => Promise<T>): Promise<T> => startedOn(serverCore, start);

async function startedOn<T>(cores: string, start: () => Promise<T>): Promise<T> {
  if (isPinned) pinTo(cores);
  try {
    return await start();
  } finally {
    if (isPinned) pinTo(clientCore);
  }
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const server of running) server.kill();
});

function startServer(command: string, args: readonly string[], output: 'pipe' | 'ignore'): ChildProcess {
  const [file, ...rest] = isPinned ? ['taskset', '-c', serverCore, command, ...args] : [command, ...args];
  const server = spawn(file, rest, { stdio: ['ignore', output, output === 'pipe' ? 'inherit' : 'ignore'] });
  running.add(server);
  server.once('exit', () => running.delete(server));
  return server;
}

/** In ticks of the kernel's clock, which are ten milliseconds long on Linux. */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export const residentMiBOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

async function contender(
  name: string,
  version: string,
  server: { process: ChildProcess; port: number; directory: string },
): Promise<Contender> {
  const client = await connected(server.port);
  const pid = server.process.pid!;
  return {
    name,
    version,
    client,
    cpuMs: () => cpuMsOf(pid),
    residentMiB: () => residentMiBOf(pid),
    async stop() {
      client.close();
      const ended = once(server.process, 'exit');
      server.process.kill('SIGTERM');
      await ended;
      rmSync(server.directory, { recursive: true, force: true });
    },
  };
}

async function connected(port: number): Promise<GrpcClient> {
  for (const endMs = Date.now() + startWaitMsMax; ;) {
    try {
      return await GrpcClient.open(port);
    } catch (error) {
      if (!(error instanceof Error) || Date.now() > endMs) throw error;
      await sleep(50);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** With a directory: on the log that is there, beside others. */
export async function startOurs(directory = mkdtempSync(join(tmpdir(), 'bench-store-'))): Promise<Contender> {
  const server = startServer(process.execPath, [join(import.meta.dirname, 'store-server.ts'), directory], 'pipe');
  const [line] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string];
  return contender('embedded', commit(), { process: server, port: Number(line), directory });
}

export const commit = (): string => {
  const head = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
  return spawnSync('git', ['status', '--porcelain', 'functions/store'], { cwd: root, encoding: 'utf8' }).stdout === '' ? head : `${head}+`;
};

export async function startEtcd(binary: string): Promise<Contender> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-etcd-'));
  const [port, peerPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const options = {
    'data-dir': directory,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
    'log-level': 'error',
    'quota-backend-bytes': String(8 * 1024 ** 3),
    // As for Kubernetes; etcd's default refuses objects that we accept.
    'max-request-bytes': String(8 * 1024 ** 2),
  };
  const server = startServer(
    binary,
    Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    'ignore',
  );
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.match(/etcd Version: (\S+)/)?.[1] ?? 'unknown';
  const started = await contender('etcd', version, { process: server, port, directory });
  // It answers once it has elected itself.
  await sleep(1000);
  return started;
}

/** The path of etcd; fetched from the distribution, without installing it, when it is not there. */
export function etcdBinary(): { readonly path: string; remove(): void } {
  const installed = ['/usr/bin/etcd', '/usr/local/bin/etcd', process.env['ETCD'] ?? ''].find((path) => path !== '' && existsSync(path));
  if (installed !== undefined) return { path: installed, remove: () => undefined };
  const directory = mkdtempSync(join(tmpdir(), 'bench-etcd-package-'));
  const fetched = spawnSync('sh', ['-c', 'apt-get download -q etcd-server && dpkg -x etcd-server_*.deb .'], {
    cwd: directory,
    encoding: 'utf8',
  });
  const path = join(directory, 'usr/bin/etcd');
  if (!existsSync(path)) {
    rmSync(directory, { recursive: true });
    throw new Error(
      `etcd is missing: install Debian's or Ubuntu's package etcd-server, or set ETCD to the program's path\n${fetched.stderr}`,
    );
  }
  return { path, remove: () => rmSync(directory, { recursive: true }) };
}
