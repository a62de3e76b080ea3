/** Logs of containers and streams into them, at a kubelet's own paths. Source: pkg/kubelet/server/server.go (InstallDebuggingHandlers) */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { Clock } from '../../functions/world.ts';
import { RuntimeError, type Runtime } from '../runtime/runtime.ts';
import { containerForLogs, runningContainerId } from './container-of-pod.ts';
import { parseLogOptions } from './log-options.ts';
import { readLog } from './log-reader.ts';
import { connectRuntime } from './runtime-connection.ts';
import { splice } from './splice.ts';
import { jointSignal } from '../joint-signal.ts';

export interface ContainerPages {
  /** `rest` is `/{namespace}/{pod}/{container}`. */
  log(rest: string, query: URLSearchParams, response: ServerResponse): Promise<void>;
  run(rest: string, query: URLSearchParams, response: ServerResponse): Promise<void>;
  /** `/exec`, `/attach` and `/portForward`. */
  stream(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

export interface ContainerPagesOptions {
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly pods: () => readonly Pod[];
  /** Aborts when open connections are to end. */
  readonly signal: AbortSignal;
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };
const runSecondsMax = 120;

class PageError extends Error {
  override name = 'PageError';
  readonly code: number;

  constructor(code: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

function asPageError(error: unknown): PageError {
  if (error instanceof PageError) return error;
  if (error instanceof StatusError) return new PageError(error.code, error.message, error);
  if (error instanceof RuntimeError) return new PageError(500, error.message, error);
  throw error;
}

/** A name, or a name and the uid of the only pod that is meant. */
function podAt(pods: readonly Pod[], [namespace = '', name = '', uid]: readonly string[]): Pod {
  const found = pods.find((pod) => namespaceOf(pod) === namespace && nameOf(pod) === name && (uid === undefined || uidOf(pod) === uid));
  if (found === undefined) throw new PageError(404, `pod "${name}" does not exist`);
  return found;
}

const namesIn = (rest: string): string[] => rest.split('/').filter((part) => part !== '');

/** `/{namespace}/{pod}[/{uid}]/{container}` */
function containerAt(pods: readonly Pod[], rest: string): { readonly pod: Pod; readonly container: string } {
  const names = namesIn(rest);
  const container = names.at(-1) ?? '';
  if (names.length < 3 || names.length > 4) throw new PageError(404, '404 page not found');
  return { pod: podAt(pods, names.slice(0, -1)), container };
}

const isSet = (query: URLSearchParams, name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');

async function streamingUrl({ runtime, pods }: ContainerPagesOptions, path: string, query: URLSearchParams): Promise<URL> {
  const [action = '', ...names] = namesIn(path);
  if (action === 'portForward') {
    const pod = podAt(pods(), names);
    const sandbox = (await runtime.listSandboxes(uidOf(pod))).find(({ ready }) => ready);
    if (sandbox === undefined) throw new PageError(404, `pod "${nameOf(pod)}" does not exist`);
    return new URL(await runtime.portForwardUrl(sandbox.id, query.getAll('port').map(Number)));
  }
  if (action !== 'exec' && action !== 'attach') throw new PageError(404, '404 page not found');
  const { pod, container } = containerAt(pods(), names.join('/'));
  const tty = isSet(query, 'tty');
  const streams = { tty, stdin: isSet(query, 'input'), stdout: isSet(query, 'output'), stderr: isSet(query, 'error') && !tty };
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw new PageError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  const request = { ...streams, containerId: runningContainerId(pod, container) };
  return new URL(
    action === 'exec' ? await runtime.execUrl({ ...request, command: query.getAll('command') }) : await runtime.attachUrl(request),
  );
}

function refuse(socket: Duplex, { code, message }: PageError): void {
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${code} Refused\r\nContent-Type: ${plain['content-type']}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Whose the request was is decided: the runtime must not see the credential. */
const forwardedHeaders = (headers: readonly string[]): [string, string][] => {
  const pairs: [string, string][] = [];
  for (let index = 0; index < headers.length; index += 2) pairs.push([headers[index] ?? '', headers[index + 1] ?? '']);
  return pairs.filter(([name]) => name.toLowerCase() !== 'authorization');
};

async function openLog(
  options: ContainerPagesOptions,
  rest: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const { runtime, clock, pods } = options;
  const { pod, container } = containerAt(pods(), rest);
  const logOptions = { ...parseLogOptions(query.toString(), clock.now()), container };
  const { id } = containerForLogs(pod, container, logOptions.previous);
  const { logPath: path } = await runtime.containerStatus(id);
  const isOpen = async (): Promise<boolean> => {
    try {
      return (await runtime.containerStatus(id)).state === 'running';
    } catch (error) {
      if (error instanceof RuntimeError) return false;
      throw error;
    }
  };
  return readLog({ path, options: logOptions, isOpen, clock, signal });
}

async function sendLog(options: ContainerPagesOptions, rest: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const ending = new AbortController();
  response.on('close', () => ending.abort());
  const { signal, release } = jointSignal(options.signal, ending.signal);
  ending.signal.addEventListener('abort', release, { once: true });
  let bytes: AsyncIterable<Buffer>;
  try {
    bytes = await openLog(options, rest, query, signal);
  } catch (error) {
    const { code, message } = asPageError(error);
    return void response.writeHead(code, plain).end(`${message}\n`);
  }
  response.writeHead(200, plain).flushHeaders();
  for await (const chunk of bytes) {
    if (!response.write(chunk)) await Promise.race([once(response, 'drain', { signal }), once(response, 'close')]);
  }
  response.end();
}

async function sendOutput(
  { runtime, pods }: ContainerPagesOptions,
  rest: string,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  try {
    const { pod, container } = containerAt(pods(), rest);
    const command = (query.get('cmd') ?? '').split(' ').filter((word) => word !== '');
    const { stdout, stderr, exitCode } = await runtime.execSync(runningContainerId(pod, container), command, runSecondsMax);
    const output = Buffer.concat([stdout, stderr]);
    response
      .writeHead(exitCode === 0 ? 200 : 500, plain)
      .end(exitCode === 0 ? output : Buffer.concat([output, Buffer.from(`exit code ${exitCode}\n`)]));
  } catch (error) {
    const { code, message } = asPageError(error);
    response.writeHead(code, plain).end(`${message}\n`);
  }
}

async function stream(options: ContainerPagesOptions, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const [path = '', search = ''] = (request.url ?? '').split('?', 2);
  const query = new URLSearchParams(search);
  const ports = query.getAll('port').join(',');
  const replayed = {
    method: request.method ?? 'GET',
    headers: forwardedHeaders(request.rawHeaders),
    ...(path.startsWith('/portForward') && ports !== ''
      ? { subresource: 'portforward', query: `ports=${ports}` }
      : { subresource: '', query: '' }),
  };
  let server: Duplex;
  try {
    server = await connectRuntime(replayed, await streamingUrl(options, decodeURIComponent(path), query), options.signal);
  } catch (error) {
    return refuse(socket, error instanceof URIError ? new PageError(400, 'Bad Request') : asPageError(error));
  }
  if (head.length > 0) server.write(head);
  await splice(socket, server);
}

export const createContainerPages = (options: ContainerPagesOptions): ContainerPages => ({
  log: (rest, query, response) => sendLog(options, rest, query, response),
  run: (rest, query, response) => sendOutput(options, rest, query, response),
  stream: (request, socket, head) => stream(options, request, socket, head),
});
