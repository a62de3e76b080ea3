/** Upstream's control plane without controllers: etcd and kube-apiserver as processes on loopback, ended by `stop`. */
import { generateKeyPairSync } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectApi, type ApiAddress } from './api-connection.ts';
import type { Programs } from './programs.ts';

export interface RunningServer {
  /** Sends as the administrator. */
  readonly address: ApiAddress;
  /** What signs its tokens. */
  readonly signingKeyPem: string;
  stop(): Promise<void>;
}

const startAttemptsMax = 3;
const readyWaitMs = 120_000;
const endWaitMs = 10_000;

/** Ports that were free a moment ago. Another process may take one: the caller starts again. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export async function startUpstream(programs: Programs, serviceCidr: string): Promise<RunningServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(programs, serviceCidr);
    } catch (error) {
      if (!(error instanceof StartError) || attempt === startAttemptsMax) throw error;
    }
  }
}

class StartError extends Error {}

interface Processes {
  start(program: string, args: readonly string[]): ChildProcess;
  stop(): Promise<void>;
}

function processesIn(directory: string): Processes {
  const running: ChildProcess[] = [];
  const killAll = (): void => running.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', killAll);
  return {
    start(program, args) {
      const log = createWriteStream(join(directory, `${program.slice(program.lastIndexOf('/') + 1)}.log`));
      const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.pipe(log, { end: false });
      child.stderr.pipe(log, { end: false });
      child.on('error', () => undefined);
      running.unshift(child);
      return child;
    },
    async stop() {
      // The last one started ends first: a server without its store would only complain.
      for (const child of running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await Promise.race([ended, sleep(endWaitMs, undefined, { ref: false })]);
        child.kill('SIGKILL');
      }
      process.removeListener('exit', killAll);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** In memory where there is such a directory: a judge's data need not last. */
const temporaryRoot = (): string => (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

async function startOnce(programs: Programs, serviceCidr: string): Promise<RunningServer> {
  const directory = mkdtempSync(join(temporaryRoot(), 'compare-upstream-'));
  const processes = processesIn(directory);
  try {
    const [port = 0, clientPort = 0, peerPort = 0] = await freePorts(3);
    const client = `http://127.0.0.1:${clientPort}`;
    const etcdUrls = [
      '--listen-client-urls',
      client,
      '--advertise-client-urls',
      client,
      '--listen-peer-urls',
      `http://127.0.0.1:${peerPort}`,
    ];
    processes.start(programs.etcd, ['--data-dir', join(directory, 'etcd'), '--unsafe-no-fsync', ...etcdUrls]);
    const keyFile = join(directory, 'service-accounts.key');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signingKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(keyFile, signingKeyPem);
    writeFileSync(join(directory, 'tokens.csv'), 'admin-token,admin,admin-uid,"system:masters"\n');
    const options = {
      'etcd-servers': client,
      'secure-port': String(port),
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'cert-dir': directory,
      'enable-bootstrap-token-auth': 'true',
      'token-auth-file': join(directory, 'tokens.csv'),
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'service-cluster-ip-range': serviceCidr,
      'service-account-key-file': keyFile,
      'service-account-signing-key-file': keyFile,
      'service-account-issuer': 'https://kubernetes.default.svc',
      'endpoint-reconciler-type': 'none',
      'allow-privileged': 'true',
    };
    const server = processes.start(
      programs.kubeApiserver,
      Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    );
    const address = { host: '127.0.0.1', port, headers: { authorization: 'Bearer admin-token' } };
    await untilReady(address, server, join(directory, 'kube-apiserver.log'));
    return { address, signingKeyPem, stop: () => processes.stop() };
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

async function untilReady(address: ApiAddress, server: ChildProcess, logFile: string): Promise<void> {
  const api = connectApi(address);
  try {
    const deadline = Date.now() + readyWaitMs;
    while (Date.now() < deadline) {
      if (server.exitCode !== null || server.pid === undefined) break;
      if (await isReady(api)) return;
      await sleep(200);
    }
    throw new StartError(`kube-apiserver does not get ready: ${lastLines(logFile)}`);
  } finally {
    api.close();
  }
}

async function isReady(api: ReturnType<typeof connectApi>): Promise<boolean> {
  try {
    return (await api.send({ method: 'GET', path: '/readyz', headers: {} })).text === 'ok';
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

const lastLines = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-4).join('\n') : 'no log');
