/** What a node answers about itself, at the paths of a kubelet. It listens nowhere: requests come by tunnels. */
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Pod } from '../../functions/kube/generated/types.ts';
import type { AgentConfig } from '../config.ts';

export interface NodeServerOptions {
  readonly config: AgentConfig;
  /** With their newest status. */
  pods(): readonly Pod[];
  /** The directory that `/logs/` shows. */
  readonly logDirectory: string;
}

export interface NodeServer {
  serve(connection: Duplex): void;
}

type Page = (options: NodeServerOptions, response: ServerResponse, rest: string) => Promise<void> | void;

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };

function notFound(response: ServerResponse): void {
  response.writeHead(404, plain).end('404 page not found\n');
}

/** Source: pkg/kubelet/server/server.go (InstallDefaultHandlers, InstallSystemLogHandler) */
const pages: Readonly<Record<string, Page>> = {
  '/healthz': (_options, response) => void response.writeHead(200, plain).end('ok'),
  '/pods': ({ pods }, response) =>
    json(response, {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {},
      items: pods().map((pod) => ({ ...pod, kind: undefined, apiVersion: undefined })),
    }),
  '/configz': ({ config }, response) => json(response, { kubeletconfig: shownConfig(config) }),
  '/metrics': ({ config, pods }, response) =>
    void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(metricsText(config, pods())),
  '/logs': ({ logDirectory }, response, rest) => sendLog(logDirectory, response, rest),
};

const shownConfig = ({ clusterDns, clusterDomain, cgroupRoot, containerdSocket, capacity }: AgentConfig): object => ({
  kind: 'KubeletConfiguration',
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  clusterDomain,
  clusterDNS: [clusterDns],
  ...(cgroupRoot === undefined ? {} : { cgroupRoot }),
  ...(containerdSocket === undefined ? {} : { containerRuntimeEndpoint: `unix://${containerdSocket}` }),
  ...(capacity?.['pods'] === undefined ? {} : { maxPods: Number(capacity['pods']) }),
});

function metricsText({ nodeName }: AgentConfig, pods: readonly Pod[]): string {
  const containers = pods.flatMap(({ status }) => status?.containerStatuses ?? []);
  const running = containers.filter(({ state }) => state?.running !== undefined).length;
  const runningPods = pods.filter(({ status }) => status?.phase === 'Running').length;
  return [
    '# HELP kubelet_node_name The node of this agent, always 1.',
    '# TYPE kubelet_node_name gauge',
    `kubelet_node_name{node="${nodeName}"} 1`,
    '# HELP kubelet_running_pods Pods that run.',
    '# TYPE kubelet_running_pods gauge',
    `kubelet_running_pods ${runningPods}`,
    '# HELP kubelet_running_containers Containers by state.',
    '# TYPE kubelet_running_containers gauge',
    `kubelet_running_containers{container_state="running"} ${running}`,
    `kubelet_running_containers{container_state="exited"} ${containers.length - running}`,
    '',
  ].join('\n');
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (one) => escapes[one] ?? one);

/** A file, or a page of links to what a directory holds. Symbolic links lead nowhere outside. */
async function sendLog(directory: string, response: ServerResponse, rest: string): Promise<void> {
  const root = await realpath(directory).catch(() => undefined);
  const path = root === undefined ? undefined : await realpath(join(root, rest)).catch(() => undefined);
  if (root === undefined || path === undefined || (path !== root && !path.startsWith(root + sep))) return notFound(response);
  const found = await stat(path);
  if (found.isFile()) {
    response.writeHead(200, plain);
    createReadStream(path, { end: Math.max(0, found.size - 1) })
      .on('error', () => response.destroy())
      .pipe(response);
    return;
  }
  if (!found.isDirectory()) return notFound(response);
  if (!rest.endsWith('/') && rest !== '') return void response.writeHead(301, { location: `${rest.split('/').at(-1) ?? ''}/` }).end();
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const links = names.map((name) => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<pre>\n${links.join('')}</pre>\n`);
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

async function answer(options: NodeServerOptions, { url = '/', method }: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decoded(url.split('?')[0] ?? '/');
  const first = path === undefined ? undefined : `/${path.split('/')[1] ?? ''}`;
  const page = first === undefined || path === undefined ? undefined : pages[first];
  const rest = path?.slice(first?.length ?? 0) ?? '';
  if (page === undefined || (first !== '/logs' && rest !== '' && rest !== '/')) return notFound(response);
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, plain).end('405: Method Not Allowed\n');
  await page(options, response, rest);
}

export function createNodeServer(options: NodeServerOptions): NodeServer {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  return { serve: (connection) => void server.emit('connection', connection) };
}
