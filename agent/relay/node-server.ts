/** What a node answers about itself, at the paths of a kubelet: by tunnels, and at the node's own door. */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readlink, realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pod } from '../../functions/kube/generated/types.ts';
import type { AgentConfig } from '../config.ts';
import { errorCode } from '../files/error-code.ts';
import { exposition, expositionType, type MetricFamily } from '../usage/exposition.ts';
import type { ContainerPages } from './container-pages.ts';

/** The measurements of a node. */
export interface NodeMeasures {
  summary(onlyCpuAndMemory: boolean): Promise<object>;
  resource(): Promise<readonly MetricFamily[]>;
  containers(): Promise<readonly MetricFamily[]>;
  probes(): readonly MetricFamily[];
}

export interface NodeServerOptions {
  readonly config: AgentConfig;
  /** The node's pods with their newest status. */
  pods(): readonly Pod[];
  /** The directory that `/logs/` shows. */
  readonly logDirectory: string;
  /** The node's measurements; left out by nodes without containers. */
  readonly measures?: NodeMeasures;
  readonly containers?: ContainerPages;
}

export interface NodeServer {
  serve(connection: Duplex): void;
}

export interface NodePages extends NodeServer {
  /** A request, or the request to upgrade, that came by another server. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

interface Asked {
  readonly options: NodeServerOptions;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The part of the path after the page's own name. */
  readonly rest: string;
  readonly query: URLSearchParams;
}

type Page = (asked: Asked) => Promise<void> | void;

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };

function notFound(response: ServerResponse): void {
  response.writeHead(404, plain).end('404 page not found\n');
}

const podList = (pods: readonly Pod[]): object => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: {},
  items: pods.map((pod) => ({ ...pod, kind: undefined, apiVersion: undefined })),
});

/** A list of the running pods, as the runtime has them. Source: pkg/kubelet/kubelet_pods.go (GetRunningPods) */
const runningPods = (pods: readonly Pod[]): object =>
  podList(
    pods
      .filter(({ status }) => (status?.containerStatuses ?? []).some(({ state }) => state?.running !== undefined))
      .map(({ metadata: { name, namespace, uid }, spec }) => ({
        metadata: { name, namespace, uid },
        spec: {
          containers: (spec?.containers ?? []).map((container) => ({ name: container.name, image: container.image, resources: {} })),
        },
        status: {},
      })),
  );

const metrics = (response: ServerResponse, families: readonly MetricFamily[]): void =>
  void response.writeHead(200, { 'content-type': expositionType }).end(exposition(families));

const flag = (value: string | null): boolean => value === 'true' || value === '1';

/** Each answers at exactly its path. Source: pkg/kubelet/server/server.go (InstallDefaultHandlers) */
const pages: Readonly<Record<string, Page>> = {
  '/healthz': ({ response }) => void response.writeHead(200, plain).end('ok'),
  '/healthz/ping': ({ response }) => void response.writeHead(200, plain).end('ok'),
  '/healthz/syncloop': ({ response }) => void response.writeHead(200, plain).end('ok'),
  '/pods': ({ options, response }) => json(response, podList(options.pods())),
  '/runningpods': ({ options, response }) => json(response, runningPods(options.pods())),
  '/configz': ({ options, response }) => json(response, { kubeletconfig: shownConfig(options.config) }),
  '/metrics': ({ options, response }) => metrics(response, agentMetrics(options.config, options.pods())),
  '/metrics/resource': async ({ options, response }) => metrics(response, (await options.measures?.resource()) ?? []),
  '/metrics/cadvisor': async ({ options, response }) => metrics(response, (await options.measures?.containers()) ?? []),
  '/metrics/probes': ({ options, response }) => metrics(response, options.measures?.probes() ?? []),
  '/stats/summary': async ({ options, response, query }) =>
    options.measures === undefined
      ? json(response, { node: { nodeName: options.config.nodeName }, pods: [] })
      : json(response, await options.measures.summary(flag(query.get('only_cpu_and_memory')))),
};

/** Each answers at all paths that begin with its name. */
const trees: Readonly<Record<string, Page>> = {
  '/logs': ({ options, response, rest }) => sendLog(options.logDirectory, response, rest),
  '/containerLogs': async ({ options, response, rest, query }) => {
    if (options.containers === undefined) return notFound(response);
    await options.containers.log(rest, query, response);
  },
  '/run': async ({ options, request, response, rest, query }) => {
    if (options.containers === undefined || request.method !== 'POST') return notFound(response);
    await options.containers.run(rest, query, response);
  },
  '/exec': needsUpgrade,
  '/attach': needsUpgrade,
  '/portForward': needsUpgrade,
};

function needsUpgrade({ response }: Asked): void {
  response.writeHead(400, plain).end('Bad Request: you must specify at least 1 of stdin, stdout, stderr, and ask for an upgrade\n');
}

const posted = new Set(['/run', '/exec', '/attach', '/portForward']);

const shownConfig = ({ clusterDns, clusterDomain, cgroupRoot, containerdSocket, capacity }: AgentConfig): object => ({
  kind: 'KubeletConfiguration',
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  clusterDomain,
  clusterDNS: [clusterDns],
  ...(cgroupRoot === undefined ? {} : { cgroupRoot }),
  ...(containerdSocket === undefined ? {} : { containerRuntimeEndpoint: `unix://${containerdSocket}` }),
  ...(capacity?.['pods'] === undefined ? {} : { maxPods: Number(capacity['pods']) }),
});

function agentMetrics({ nodeName }: AgentConfig, pods: readonly Pod[]): MetricFamily[] {
  const containers = pods.flatMap(({ status }) => status?.containerStatuses ?? []);
  const running = containers.filter(({ state }) => state?.running !== undefined).length;
  const { cpu } = { cpu: process.cpuUsage() };
  const gauge = (name: string, help: string, value: number, labels = {}): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    samples: [{ value, labels }],
  });
  return [
    gauge('kubelet_node_name', 'The node of this agent, always 1.', 1, { node: nodeName }),
    gauge('kubelet_running_pods', 'Pods that run.', pods.filter(({ status }) => status?.phase === 'Running').length),
    {
      name: 'kubelet_running_containers',
      help: 'Containers by state.',
      type: 'gauge',
      samples: [
        { labels: { container_state: 'running' }, value: running },
        { labels: { container_state: 'exited' }, value: containers.length - running },
      ],
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'Total user and system CPU time spent in seconds.',
      type: 'counter',
      samples: [{ value: (cpu.user + cpu.system) / 1e6 }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', process.memoryUsage.rss()),
  ];
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (one) => escapes[one] ?? one);

/** A file, or a page of links to what a directory holds. Symbolic links lead nowhere outside. */
async function sendLog(directory: string, response: ServerResponse, rest: string): Promise<void> {
  const found = await openBelow(directory, rest);
  if (found === undefined) return notFound(response);
  const stats = await found.stat();
  if (stats.isFile()) {
    response.writeHead(200, plain);
    // Either end that fails or leaves ends the other one.
    await pipeline(found.createReadStream({ start: 0, end: Math.max(0, stats.size - 1) }), response);
    return;
  }
  await using opened = found;
  if (!stats.isDirectory()) return notFound(response);
  if (!rest.endsWith('/') && rest !== '') return void response.writeHead(301, { location: `${rest.split('/').at(-1) ?? ''}/` }).end();
  const entries = await readdir(`/proc/self/fd/${opened.fd}`, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const links = names.map((name) => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<pre>\n${links.join('')}</pre>\n`);
}

/** Where the file lies is asked once it is open: a container that may write there swaps no link in between. */
async function openBelow(directory: string, rest: string): Promise<FileHandle | undefined> {
  try {
    const root = await realpath(directory);
    const file = await open(join(root, rest), constants.O_RDONLY | constants.O_NONBLOCK);
    const path = await readlink(`/proc/self/fd/${file.fd}`);
    if (path === root || path.startsWith(root + sep)) return file;
    await file.close();
    return undefined;
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return undefined;
  }
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

async function answer(options: NodeServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '/', method = '' } = request;
  const [rawPath = '/', search = ''] = url.split('?', 2);
  const path = decoded(rawPath);
  if (path === undefined) return notFound(response);
  const first = `/${path.split('/')[1] ?? ''}`;
  const exact = pages[path.length > 1 ? path.replace(/\/$/, '') : path];
  const page = exact ?? trees[first];
  if (page === undefined) return notFound(response);
  const mayPost = exact === undefined && posted.has(first);
  if (method !== 'GET' && method !== 'HEAD' && !mayPost) return void response.writeHead(405, plain).end('405: Method Not Allowed\n');
  await page({ options, request, response, rest: exact === undefined ? path.slice(first.length) : '', query: new URLSearchParams(search) });
}

export function createNodeServer(options: NodeServerOptions): NodePages {
  const serveRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(options, request, response).catch(() => response.destroy());
  };
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    if (options.containers === undefined)
      return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    options.containers.stream(request, socket, head).catch(() => socket.destroy());
  };
  const server = createServer(serveRequest).on('upgrade', upgrade);
  return { serve: (connection) => void server.emit('connection', connection), answer: serveRequest, upgrade };
}
