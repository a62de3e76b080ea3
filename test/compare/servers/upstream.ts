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
import type { ClusterAccess } from '../../../functions/client/https-fetch.ts';
import type { ControllerPrograms, Programs } from './programs.ts';

export interface RunningServer {
  /** Sends as the administrator. */
  readonly address: ApiAddress;
  /** The key that signs the server's tokens. */
  readonly signingKeyPem: string;
  stop(): Promise<void>;
}

export interface UpstreamServer extends RunningServer {
  /** The administrator's. */
  readonly access: ClusterAccess;
  /** The file of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** The processes: etcd and kube-apiserver. */
  readonly pids: readonly number[];
}

export interface UpstreamControllers {
  readonly programs: ControllerPrograms;
  readonly podCidr: string;
}

export interface UpstreamOptions {
  readonly serviceCidr: string;
  /** Left out: nothing acts on what is stored. */
  readonly controllers?: UpstreamControllers | undefined;
  /** Admission plug-ins that run by default and shall not. */
  readonly disabledPlugins?: readonly string[];
  /** True: a write is on the disk before it is answered. Otherwise a judge's data need not last, and is kept in memory. */
  readonly isDurable?: boolean;
  /** Further flags of kube-apiserver. */
  readonly flags?: Readonly<Record<string, string>>;
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

export async function startUpstream(programs: Programs, options: UpstreamOptions): Promise<UpstreamServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(programs, options);
    } catch (error) {
      if (!(error instanceof StartError) || attempt === startAttemptsMax) throw error;
    }
  }
}

class StartError extends Error {}

interface Processes {
  pids(): readonly number[];
  start(program: string, args: readonly string[]): ChildProcess;
  stop(): Promise<void>;
}

function processesIn(directory: string): Processes {
  const running: ChildProcess[] = [];
  const killAll = (): void => running.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', killAll);
  return {
    pids: () => running.flatMap(({ pid }) => pid ?? []),
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

const temporaryRoot = (isDurable: boolean): string => (!isDurable && existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

const adminToken = 'admin-token';

/** The administrator's kubeconfig, as a file. */
function writeKubeconfig(directory: string, server: string): string {
  const file = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'upstream', cluster: { server, 'certificate-authority': join(directory, 'apiserver.crt') } }],
    users: [{ name: 'admin', user: { token: adminToken } }],
    contexts: [{ name: 'upstream', context: { cluster: 'upstream', user: 'admin' } }],
    'current-context': 'upstream',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Upstream's controllers and scheduler, which call the server as its administrator and as their own service accounts. */
function startControllers(processes: Processes, directory: string, kubeconfig: string, { programs, podCidr }: UpstreamControllers): void {
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
  processes.start(programs.kubeControllerManager, [
    ...common,
    '--use-service-account-credentials',
    `--service-account-private-key-file=${join(directory, 'service-accounts.key')}`,
    `--root-ca-file=${join(directory, 'apiserver.crt')}`,
    '--controllers=*,bootstrapsigner,tokencleaner',
    '--allocate-node-cidrs',
    `--cluster-cidr=${podCidr}`,
  ]);
  processes.start(programs.kubeScheduler, common);
}

async function startOnce(programs: Programs, options: UpstreamOptions): Promise<UpstreamServer> {
  const { serviceCidr, controllers, disabledPlugins = [], isDurable = false, flags: others = {} } = options;
  const directory = mkdtempSync(join(temporaryRoot(isDurable), 'compare-upstream-'));
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
    processes.start(programs.etcd, ['--data-dir', join(directory, 'etcd'), ...(isDurable ? [] : ['--unsafe-no-fsync']), ...etcdUrls]);
    const keyFile = join(directory, 'service-accounts.key');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signingKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(keyFile, signingKeyPem);
    writeFileSync(
      join(directory, 'tokens.csv'),
      `${adminToken},admin,admin-uid,"system:masters"
`,
    );
    const flags = {
      'etcd-servers': client,
      'secure-port': String(port),
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'cert-dir': directory,
      'enable-bootstrap-token-auth': 'true',
      'token-auth-file': join(directory, 'tokens.csv'),
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      ...(disabledPlugins.length === 0 ? {} : { 'disable-admission-plugins': disabledPlugins.join(',') }),
      'service-cluster-ip-range': serviceCidr,
      'service-account-key-file': keyFile,
      'service-account-signing-key-file': keyFile,
      'service-account-issuer': 'https://kubernetes.default.svc',
      'endpoint-reconciler-type': 'none',
      'allow-privileged': 'true',
      ...others,
    };
    const server = processes.start(
      programs.kubeApiserver,
      Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    );
    const address = { host: '127.0.0.1', port, headers: { authorization: `Bearer ${adminToken}` } };
    await untilReady(address, server, join(directory, 'kube-apiserver.log'));
    const url = `https://127.0.0.1:${port}`;
    const kubeconfig = writeKubeconfig(directory, url);
    if (controllers !== undefined) startControllers(processes, directory, kubeconfig, controllers);
    const caPem = readFileSync(join(directory, 'apiserver.crt'), 'utf8');
    const access = { server: url, caPem, token: adminToken };
    return { address, access, kubeconfig, signingKeyPem, pids: processes.pids(), stop: () => processes.stop() };
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
