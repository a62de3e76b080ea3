/**
 * `hibernetes support-bundle FILE`: what others need to find a fault, in one archive to read before it is sent: findings of the
 * doctor, versions, nodes, pods, events, the ends of logs. No Secret and no ConfigMap is asked for, and what looks like a
 * secret anywhere else is taken out.
 */
import { existsSync, openSync, readFileSync, readSync, closeSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tar, type TarEntry } from '../../../agent/images/tar.ts';
import { runCommand } from '../../../agent/network/run.ts';
import { dataDirectory } from '../../local/data-directory.ts';
import { nodeNamesOf } from '../../local/stop-cluster.ts';
import { withApi } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { examine } from '../doctor/doctor.ts';
import { programVersion } from '../own-program.ts';
import { print, progressOf, type OutputChoice } from '../output.ts';
import { type Json, redactObject, redactText } from './redact.ts';

export interface SupportOptions extends OutputChoice {
  readonly dataDir: string;
  readonly configDir: string;
  readonly kubeconfig?: string;
}

const fileDefault = 'hibernetes-support.tar.gz';
/** How many bytes of the end of each log the bundle holds. */
const logBytesMax = 1 << 20;
const listMax = 2000;

const apiPaths: Readonly<Record<string, string>> = {
  'version.json': '/version',
  'nodes.json': `/api/v1/nodes?limit=${listMax}`,
  'namespaces.json': `/api/v1/namespaces?limit=${listMax}`,
  'pods.json': `/api/v1/pods?limit=${listMax}`,
  'events.json': `/apis/events.k8s.io/v1/events?limit=${listMax}`,
  'services.json': `/api/v1/services?limit=${listMax}`,
  'deployments.json': `/apis/apps/v1/deployments?limit=${listMax}`,
  'customresourcedefinitions.json': `/apis/apiextensions.k8s.io/v1/customresourcedefinitions?limit=${listMax}`,
  'leases.json': `/apis/coordination.k8s.io/v1/leases?limit=${listMax}`,
};
const textPaths: Readonly<Record<string, string>> = { 'readyz.txt': '/readyz?verbose', 'metrics.txt': '/metrics' };

const entry = (path: string, text: string): TarEntry => ({ path: `hibernetes-support/${path}`, content: text, mode: 0o600 });
const json = (path: string, value: Json): TarEntry => entry(path, `${JSON.stringify(redactObject(value), undefined, 2)}\n`);

function endOfFile(file: string): string {
  const { size } = statSync(file);
  const length = Math.min(size, logBytesMax);
  const bytes = Buffer.alloc(length);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, bytes, 0, length, size - length);
  } finally {
    closeSync(handle);
  }
  return bytes.toString('utf8');
}

function localFiles({ dataDir, configDir }: SupportOptions): readonly TarEntry[] {
  const directory = dataDirectory(resolve(dataDir));
  const logs = [
    ['control-plane.log', directory.controlPlaneLog],
    ...nodeNamesOf(directory).map((name) => [`nodes/${name}/agent.log`, directory.node(name).log]),
  ] as const;
  const settings = [
    ['cluster.json', join(directory.root, 'cluster.json')],
    ['agent.json', join(configDir, 'agent.json')],
  ] as const;
  return [
    ...logs.flatMap(([path = '', file = '']) => (existsSync(file) ? entry(path, redactText(endOfFile(file))) : [])),
    ...settings.flatMap(([path, file]) => (existsSync(file) ? json(path, JSON.parse(readFileSync(file, 'utf8')) as Json) : [])),
  ];
}

async function serviceLogs(): Promise<readonly TarEntry[]> {
  const units = ['hibernetes-agent', 'containerd'];
  const logs = await Promise.all(
    units.map((unit) =>
      runCommand(['journalctl', '--no-pager', '--lines', '2000', '--unit', unit]).then(
        (text) => [entry(`${unit}.log`, redactText(text.slice(-logBytesMax)))],
        () => [],
      ),
    ),
  );
  return logs.flat();
}

/** An API that does not answer leaves a note; the rest is collected all the same. */
async function apiFiles({ dataDir, kubeconfig }: SupportOptions): Promise<readonly TarEntry[]> {
  try {
    return await withApi({ dataDir, ...(kubeconfig === undefined ? {} : { kubeconfig }) }, async ({ fetch }) => {
      const files: TarEntry[] = [];
      for (const [path, from] of Object.entries(apiPaths)) files.push(json(`api/${path}`, (await (await fetch(from)).json()) as Json));
      for (const [path, from] of Object.entries(textPaths)) files.push(entry(`api/${path}`, redactText(await (await fetch(from)).text())));
      return files;
    });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [entry('api/failure.txt', `${error.message}\n`)];
  }
}

export async function supportBundle(file: string | undefined, options: SupportOptions): Promise<void> {
  const progress = progressOf(options);
  const findings = await progress.step('Examining this machine', () => examine(options));
  const api = await progress.step('Asking the API', () => apiFiles(options));
  const entries = await progress.step('Reading logs', async () => [
    json('versions.json', { hibernetes: programVersion(), node: process.version, platform: process.platform, architecture: process.arch }),
    json(
      'doctor.json',
      findings.map((finding) => ({ ...finding })),
    ),
    ...localFiles(options),
    ...(await serviceLogs()),
    ...api,
  ]);
  const path = file ?? fileDefault;
  writeFileSync(path, gzipSync(tar(entries)), { mode: 0o600 });
  print(
    options,
    { file: resolve(path), files: entries.map((entry) => entry.path) },
    ({ files }) => `\n${path} holds ${files.length} files: tar -tzf ${path} lists them. Read them before you send it.\n`,
  );
}
