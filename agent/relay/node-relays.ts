/** Serves what clients want of containers: the agent dials back to the apiserver and carries the bytes. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ContainerRelay, MailedRelay, RelayRequest } from '../../functions/node-protocol/node-poll.ts';
import { relayStatusHeader } from '../../functions/node-protocol/node-poll.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { StatusError, notFound } from '../../functions/kube/status-error.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { pods } from '../../functions/kube/resource-type.ts';
import type { World } from '../../functions/world.ts';
import type { PodLookup, Relays } from '../agent.ts';
import { RuntimeError, type Runtime } from '../runtime/runtime.ts';
import type { Transport } from '../transport.ts';
import { containerForLogs, runningContainerId } from './container-of-pod.ts';
import { createLogMailer } from './log-mailer.ts';
import { parseLogOptions } from './log-options.ts';
import { readLog } from './log-reader.ts';
import { connectRuntime } from './runtime-connection.ts';
import type { NodeServer } from './node-server.ts';
import { splice } from './splice.ts';
import { createMailedTunnels } from './mailed-tunnels.ts';
import { createReach, createTunnels } from './tunnel.ts';
import { jointSignal } from '../joint-signal.ts';

export interface NodeRelayOptions {
  readonly world: World;
  readonly runtime: Runtime;
  readonly transport: Pick<Transport, 'openStream' | 'openConnection' | 'sendChunk' | 'sendEntry' | 'listen'>;
  readonly pods: Pick<PodLookup, 'pod'>;
  readonly nodeServer: NodeServer;
  /** Aborts when all open relays are to end. */
  readonly signal: AbortSignal;
}

/** Remembered, since the server repeats a relay until it is fetched. */
const knownMax = 1000;

export function createNodeRelays(options: NodeRelayOptions): Relays {
  const known = new Set<string>();
  const mailer = createLogMailer(options);
  const served = {
    stream: (request: ContainerRelay) => serveLog(options, request),
    upgrade: (request: ContainerRelay) => serveUpgrade(options, request),
    mailbox: (request: ContainerRelay) => mailer.send(request, (signal) => logBytes(options, request, signal)),
  };
  const reach = createReach(options);
  const tunnel = createTunnels({ ...options, reach, log: options.world.log });
  const mailed = createMailedTunnels({
    ...options,
    connect: (request) => (request.transport === 'tunnel' ? reach(request.target) : connectContainer(options, request)),
  });
  const serve = async (request: Exclude<RelayRequest, MailedRelay>): Promise<void> => {
    try {
      if (request.transport === 'tunnel') await tunnel(request);
      else await served[request.transport](request);
    } catch (error) {
      // The client sees its connection end; the reason is for the operator.
      if (!(error instanceof Error)) throw error;
      options.world.log.warn('a relay failed', { relay: request.id, transport: request.transport, error });
    }
  };
  return {
    listen: mailed.listen,
    open(request) {
      if (request.transport === 'mail') return mailed.announced();
      if (known.has(request.id)) return;
      known.add(request.id);
      if (known.size > knownMax) known.delete([...known][0] ?? '');
      serve(request).catch((error: unknown) => options.world.log.error('a relay broke', { error }));
    },
  };
}

function wantedPod({ pods: lookup }: NodeRelayOptions, request: ContainerRelay): Pod {
  const pod = lookup.pod(request.pod.uid);
  if (pod === undefined) throw notFound(pods, request.pod.name);
  return pod;
}

function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof RuntimeError) return new StatusError(500, 'InternalError', error.description, { cause: error });
  throw error;
}

/** Throws a StatusError when there is no such log. */
async function logBytes(options: NodeRelayOptions, request: ContainerRelay, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
  try {
    return await openLog(options, request, signal);
  } catch (error) {
    throw asStatusError(error);
  }
}

async function openLog(options: NodeRelayOptions, request: ContainerRelay, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
  const pod = wantedPod(options, request);
  const { runtime } = options;
  const logOptions = parseLogOptions(request.query, options.world.clock.now());
  const container = containerForLogs(pod, logOptions.container, logOptions.previous);
  const { logPath } = await runtime.containerStatus(container.id);
  const isOpen = async (): Promise<boolean> => {
    try {
      return (await runtime.containerStatus(container.id)).state === 'running';
    } catch (error) {
      if (error instanceof RuntimeError) return false;
      throw error;
    }
  };
  return readLog({ path: logPath, options: logOptions, isOpen, clock: options.world.clock, signal });
}

async function serveLog(options: NodeRelayOptions, request: ContainerRelay): Promise<void> {
  const ending = new AbortController();
  const { signal, release } = jointSignal(options.signal, ending.signal);
  ending.signal.addEventListener('abort', release, { once: true });
  let bytes: AsyncIterable<Buffer>;
  try {
    bytes = await logBytes(options, request, signal);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const headers = { [relayStatusHeader]: String(error.code), 'content-type': 'application/json' };
    options.transport
      .openStream(request.id, headers)
      .on('error', () => ending.abort())
      .end(JSON.stringify(error.toStatus()));
    return;
  }
  const upload = options.transport.openStream(request.id, { 'content-type': 'text/plain' });
  // The client is gone, or has all it wanted: either way it reads no more.
  upload.on('error', () => ending.abort());
  upload.on('close', () => ending.abort());
  upload.on('response', (response) => {
    response.resume();
    response.on('end', () => ending.abort());
  });
  // So that a follower of a silent log gets its answer's head at once.
  upload.flushHeaders();
  for await (const chunk of bytes) {
    if (!upload.write(chunk)) await Promise.race([once(upload, 'drain', { signal }), once(upload, 'close')]);
  }
  upload.end();
}

async function streamingUrl({ runtime }: NodeRelayOptions, pod: Pod, request: ContainerRelay): Promise<URL> {
  const query = new URLSearchParams(request.query);
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  if (request.subresource === 'portforward') {
    const sandbox = (await runtime.listSandboxes(uidOf(pod))).find(({ ready }) => ready);
    if (sandbox === undefined) throw notFound(pods, request.pod.name);
    const ports = query
      .getAll('ports')
      .flatMap((value) => value.split(','))
      .map(Number);
    return new URL(await runtime.portForwardUrl(sandbox.id, ports));
  }
  const containerId = runningContainerId(pod, query.get('container') ?? '');
  const tty = flag('tty');
  // A terminal has one output.
  const streams = { containerId, tty, stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr') && !tty };
  const url =
    request.subresource === 'attach' ? runtime.attachUrl(streams) : runtime.execUrl({ ...streams, command: query.getAll('command') });
  return new URL(await url);
}

/** A refusal in the client's own protocol: it still waits for the answer to its upgrade. */
function refuse(socket: Duplex, error: StatusError): void {
  const body = JSON.stringify(error.toStatus());
  const head = `HTTP/1.1 ${error.code} ${error.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body);
}

const connectContainer = async (options: NodeRelayOptions, request: ContainerRelay): Promise<Duplex> =>
  connectRuntime(request, await reachableUrl(options, request), options.signal);

async function reachableUrl(options: NodeRelayOptions, request: ContainerRelay): Promise<URL> {
  try {
    return await streamingUrl(options, wantedPod(options, request), request);
  } catch (error) {
    throw asStatusError(error);
  }
}

async function serveUpgrade(options: NodeRelayOptions, request: ContainerRelay): Promise<void> {
  const { socket, head } = await options.transport.openConnection(request.id);
  socket.on('error', () => socket.destroy());
  let server: Duplex;
  try {
    server = await connectContainer(options, request);
  } catch (error) {
    refuse(socket, asStatusError(error));
    return;
  }
  if (head.length > 0) server.write(head);
  await splice(socket, server);
}
