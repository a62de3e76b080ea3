/**
 * Passes on what comes in by TLS to the API of the cluster: each request as it is, with the caller's own credentials and
 * none of the node's; only the host is the API's, which hosts in a cloud insist on. Nothing is upgraded.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { CertificatePair } from '../../functions/client/certificates.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { Log } from '../../functions/world.ts';

export interface ForwarderOptions {
  readonly address: string;
  readonly port: number;
  readonly certificate: CertificatePair;
  /** `https://host`, with a path where there are several clusters behind the host. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate; the system's when left out. */
  readonly caFile: string | undefined;
  readonly log: Log;
}

export interface Forwarder {
  readonly port: number;
  close(): Promise<void>;
}

const connectionsMax = 4096;
/** They are about one connection, not about the request. */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']);

function passedHeaders(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)));
}

type Pass = (request: IncomingMessage, response: ServerResponse) => void;

interface Upstream {
  readonly pass: Pass;
  close(): void;
}

function upstreamOf({ server, caFile, log }: ForwarderOptions): Upstream {
  const base = new URL(server);
  const isTls = base.protocol === 'https:';
  const tls = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;
  const prefix = base.pathname.replace(/\/$/, '');
  const pass: Pass = (request, response) => {
    const { method = 'GET', url = '/' } = request;
    const headers = { ...passedHeaders(request.headers), host: base.host };
    const call = send({ host: base.hostname, port: base.port || (isTls ? 443 : 80), agent, method, path: `${prefix}${url}`, headers });
    response.once('close', () => call.destroy());
    call.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, passedHeaders(answer.headers));
      // A watch may have nothing to tell for a long time.
      response.flushHeaders();
      answer.once('error', () => response.destroy());
      answer.pipe(response);
    });
    call.on('error', (error) => {
      if (!response.destroyed) log.warn('a request of a pod did not reach the API', { error: error.message });
      refuse(response);
    });
    request.pipe(call);
    // What was answered before it was all read is read to its end: the connection could not be used again otherwise.
    response.once('finish', () => {
      request.unpipe(call);
      request.resume();
    });
  };
  return { pass, close: () => agent.destroy() };
}

/** An answer that has begun breaks off instead, so that it is not taken for the whole. */
function refuse(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = new StatusError(503, 'ServiceUnavailable', 'the node cannot reach the API', { details: { retryAfterSeconds: 1 } });
  response.writeHead(status.code, { 'content-type': 'application/json', 'retry-after': '1' }).end(JSON.stringify(status.toStatus()));
}

export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { address, port, certificate } = options;
  const upstream = upstreamOf(options);
  const server = createServer({ cert: certificate.certificatePem, key: certificate.keyPem, noDelay: true }, upstream.pass);
  server.requestTimeout = 0;
  server.maxConnections = connectionsMax;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server.close(), 'close');
      for (const socket of sockets) socket.destroy();
      await closed;
      upstream.close();
    },
  };
}
