/**
 * The API servers that are compared over HTTPS, each with its store on the disk: `hibernetes up`, and upstream's kube-apiserver
 * with etcd. Controllers and schedulers are off in both.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterAccess } from '../../../functions/client/https-fetch.ts';
import { accessOfKubeconfig } from '../../../functions/client/kubeconfig-access.ts';
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import { dataDirectory } from '../../../infra/local/data-directory.ts';
import { findPrograms, upstreamVersion } from '../../compare/servers/programs.ts';
import { startUpstream } from '../../compare/servers/upstream.ts';
import type { Metered } from '../closed-loop.ts';
import { commit, cpuMsOf, onServerCore, residentMiBOf } from '../contenders.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: string;
}

export interface ApiServer extends Metered {
  readonly name: string;
  readonly version: string;
  /** The answer's text; throws where it is no success. */
  send(call: Call): Promise<string>;
  /** Calls back for each piece of the answer; the returned function ends the request. */
  follow(path: string, take: (piece: string) => void): () => void;
  residentMiB(): number;
  stop(): Promise<void>;
}

/** More than are ever in flight. */
const socketsMax = 256;

interface Connected {
  readonly name: string;
  readonly version: string;
  readonly access: ClusterAccess;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

function apiServer({ name, version, access, pids, stop }: Connected): ApiServer {
  const { server, caPem, certificatePem, keyPem, token } = access;
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax, ca: caPem, cert: certificatePem, key: keyPem });
  const fixed = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    name,
    version,
    cpuMs: () => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0),
    residentMiB: () => pids.reduce((sum, pid) => sum + residentMiBOf(pid), 0),
    send: ({ method, path, type = 'application/json', body }) =>
      new Promise((resolve, reject) => {
        const headers = { ...fixed, ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }) };
        const sent = httpsRequest(`${server}${path}`, { method, agent, headers }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.once('end', () => {
            const text = Buffer.concat(chunks).toString();
            if ((answer.statusCode ?? 0) < 300) resolve(text);
            else reject(new Error(`${name}: ${method} ${path}: ${text.slice(0, 500)}`));
          });
        });
        sent.once('error', reject);
        sent.end(body);
      }),
    follow(path, take) {
      const sent = httpsRequest(`${server}${path}`, { agent, headers: fixed }, (answer) => {
        answer.setEncoding('utf8').on('data', take);
        answer.on('error', () => undefined);
      });
      sent.on('error', () => undefined);
      sent.end();
      return () => sent.destroy();
    },
    async stop() {
      agent.destroy();
      await stop();
    },
  };
}

export async function startOurApi(): Promise<ApiServer> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-api-'));
  const cli = join(import.meta.dirname, '../../../infra/cli/main.ts');
  const hibernetes = (...words: readonly string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, [cli, ...words, '--data-dir', directory], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`hibernetes ${words.join(' ')}: ${stderr}`);
  };
  const words = ['--nodes', '0', '--runtime', 'simulated', '--listen', '127.0.0.1:0', '--detach'];
  await onServerCore(() => Promise.resolve(hibernetes('up', ...words, '--without', 'kube-controller-manager,kube-scheduler')));
  const { pid }: { pid: number } = JSON.parse(readFileSync(dataDirectory(directory).controlPlaneRecord, 'utf8'));
  return apiServer({
    name: 'Hibernetes',
    version: commit(),
    access: accessOfKubeconfig(join(directory, 'kubeconfig')),
    pids: [pid],
    stop() {
      hibernetes('down', '--delete-data');
      rmSync(directory, { recursive: true, force: true });
      return Promise.resolve();
    },
  });
}

/** `cache` holds the programs, as for `npm run compare`. */
export async function startUpstreamApi(cache: string, report: (line: string) => void): Promise<ApiServer> {
  const programs = findPrograms({ cache }, report);
  const upstream = await onServerCore(() => startUpstream(programs, { serviceCidr: defaultNetworks.serviceCidr, isDurable: true }));
  return apiServer({
    name: 'kube-apiserver with etcd',
    version: upstreamVersion,
    access: upstream.access,
    pids: upstream.pids,
    stop: () => upstream.stop(),
  });
}
