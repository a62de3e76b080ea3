/** HTTPS to the apiserver with the node's own token: polls, relayed streams and connections, chunks. */
import { readFileSync } from 'node:fs';
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions as NodeOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Status } from '../functions/kube/generated/types.ts';
import {
  chunksPath,
  entriesPath,
  listenPath,
  type MailedRelay,
  type NodePollResponse,
  type OpenTunnel,
  pollPath,
  type RelayGrant,
  relayPath,
  relayProtocol,
} from '../functions/node-protocol/node-poll.ts';
import { StatusError } from '../functions/kube/status-error.ts';
import type { NumberedEntry } from '../functions/tunnel/carrier.ts';
import type { AgentConfig } from './config.ts';
import { TransportError, type PollTransport } from './poll.ts';

export interface Transport extends PollTransport {
  /** Opens the POST whose body is a relayed stream. `status` is not 200 when the body is a Status. */
  openStream(relayId: string, headers: Readonly<Record<string, string>>): ClientRequest;
  /** Fetches a relayed connection: the raw bytes of the client. `head` came along with the answer. */
  openConnection(relayId: string): Promise<{ readonly socket: Duplex; readonly head: Buffer }>;
  /** Puts a chunk into a relay's mailbox, or only asks how it may go on. */
  sendChunk(relayId: string, chunk: NumberedChunk | undefined, signal: AbortSignal): Promise<RelayGrant>;
  /** Puts an entry of the node into the mailbox of a tunnel. */
  sendEntry(tunnel: Pick<MailedRelay, 'id' | 'caller'>, entry: NumberedEntry, signal: AbortSignal): Promise<void>;
  /** What brings tunnels by mail and their entries: see `functions/tunnel/records.ts`. Breaking off the iteration ends the request. */
  listen(tunnels: readonly OpenTunnel[], signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** The bytes at a path. Throws StatusError for an answer that is not a success. */
  download(path: string): Promise<Buffer>;
  /** Any other request, for a `Client`. The request's URL counts only by its path. */
  fetch(request: Request): Promise<Response>;
  close(): void;
}

export interface NumberedChunk {
  readonly number: number;
  readonly encoded: Uint8Array;
}

interface RequestOptions extends Omit<NodeOptions, 'headers'> {
  readonly headers: Readonly<Record<string, string>>;
}

const answerBytesMax = 256 << 20;
/** A client that has sent its last byte still reads. Node passes it on to the socket, though its types do not name it. */
const halfOpen: object = { allowHalfOpen: true };

const asTransportError = (error: Error): TransportError => new TransportError(error.message, { cause: error });

function readBody(response: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > answerBytesMax) response.destroy(new TransportError('the answer is too large'));
    });
    response.on('end', () => resolve(Buffer.concat(chunks)));
    response.on('error', (error) => reject(asTransportError(error)));
    response.on('aborted', () => reject(new TransportError('the answer was cut short')));
  });
}

function statusError(code: number, text: string): StatusError {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status')
      return StatusError.fromStatus(value as Status);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new StatusError(code, 'InternalError', `the server answered ${code}: ${text.slice(0, 200)}`);
}

interface Requests {
  open(method: string, path: string, options: RequestOptions): ClientRequest;
  ask<T>(request: ClientRequest, body?: string | Uint8Array): Promise<T>;
  /** The path of the cluster. */
  readonly under: string;
}

function mailRequests(
  { nodeName }: Pick<AgentConfig, 'nodeName'>,
  { open, ask, under }: Requests,
): Pick<Transport, 'sendEntry' | 'listen'> {
  return {
    async sendEntry({ id, caller }, { number, bytes }, signal) {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) };
      const query = new URLSearchParams({ caller, number: String(number) });
      await ask<undefined>(open('POST', `${under}${entriesPath('relays', id)}?${query}`, { headers, signal }), bytes);
    },
    listen(tunnels, signal) {
      const headers = { 'content-type': 'application/json' };
      const request = open('POST', under + listenPath(nodeName), { headers, signal, agent: false });
      return new Promise((resolve, reject) => {
        request.on('error', (error) => reject(asTransportError(error)));
        request.on('response', (response) => {
          const code = response.statusCode ?? 0;
          if (code === 200) return resolve(response);
          readBody(response).then((bytes) => reject(statusError(code, bytes.toString('utf8'))), reject);
        });
        request.end(JSON.stringify({ tunnels }));
      });
    },
  };
}

const successes: ReadonlySet<number> = new Set([200, 204]);

/** The body of a success. Throws StatusError for any other answer, TransportError when there is none. */
const bytesOf = (request: ClientRequest, body?: string | Uint8Array): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    request.on('error', (error) => reject(asTransportError(error)));
    request.on('response', (response) => {
      readBody(response).then((bytes) => {
        if (successes.has(response.statusCode ?? 0)) resolve(bytes);
        else reject(statusError(response.statusCode ?? 0, bytes.toString('utf8')));
      }, reject);
    });
    request.end(body);
  });

/** Undefined where the answer has no content. */
async function ask<T>(request: ClientRequest, body?: string | Uint8Array): Promise<T> {
  const bytes = await bytesOf(request, body);
  return bytes.length === 0 ? (undefined as T) : (JSON.parse(bytes.toString('utf8')) as T);
}

export function createTransport(config: Pick<AgentConfig, 'nodeName' | 'server' | 'caFile' | 'tokenFile'>): Transport {
  const base = new URL(config.server);
  /** One of several clusters behind a host has a path. */
  const under = base.pathname.replace(/\/$/, '');
  const isTls = base.protocol === 'https:';
  const tls = config.caFile === undefined ? {} : { ca: readFileSync(config.caFile) };
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;

  const open = (method: string, path: string, options: RequestOptions): ClientRequest => {
    const token = readFileSync(config.tokenFile, 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'user-agent': 'hibernetes-agent', ...options.headers };
    return send({ host: base.hostname, port: base.port || (isTls ? 443 : 80), agent, ...tls, ...options, method, path, headers });
  };

  return {
    poll(body, signal) {
      const headers = { 'content-type': 'application/json', accept: 'application/json' };
      return ask<NodePollResponse>(open('POST', under + pollPath(config.nodeName), { headers, signal }), JSON.stringify(body));
    },
    sendChunk(relayId, chunk, signal) {
      if (chunk === undefined) return ask<RelayGrant>(open('GET', under + chunksPath(relayId), { headers: {}, signal }));
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(chunk.encoded.length) };
      return ask<RelayGrant>(open('POST', `${under}${chunksPath(relayId)}?number=${chunk.number}`, { headers, signal }), chunk.encoded);
    },
    ...mailRequests(config, { open, ask, under }),
    download: (path) => bytesOf(open('GET', under + path, { headers: {} })),
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const body = Buffer.from(await request.arrayBuffer());
      return new Promise((resolve, reject) => {
        const call = open(request.method, `${pathname}${search}`, { headers: Object.fromEntries(request.headers), signal: request.signal });
        call.on('error', (error) => reject(asTransportError(error)));
        call.on('response', (response) => {
          readBody(response).then((bytes) => {
            const headers = { 'content-type': response.headers['content-type'] ?? 'application/json' };
            resolve(new Response(bytes.length === 0 ? null : bytes.toString('utf8'), { status: response.statusCode ?? 500, headers }));
          }, reject);
        });
        call.end(body);
      });
    },
    openStream: (relayId, headers) => open('POST', under + relayPath(relayId), { headers, agent: false }),
    openConnection(relayId) {
      return new Promise((resolve, reject) => {
        const request = open('GET', under + relayPath(relayId), {
          headers: { connection: 'Upgrade', upgrade: relayProtocol },
          agent: false,
          ...halfOpen,
        });
        request.on('upgrade', (_response, socket, head) => resolve({ socket, head }));
        request.on('response', (response) => {
          readBody(response).then((bytes) => reject(statusError(response.statusCode ?? 0, bytes.toString('utf8'))), reject);
        });
        request.on('error', (error) => reject(asTransportError(error)));
        request.end();
      });
    },
    close: () => agent.destroy(),
  };
}
