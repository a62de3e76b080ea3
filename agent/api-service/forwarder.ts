/**
 * Passes on what comes in, by TLS but for callers on this machine alone, to the API of the cluster: each request as it is, with the caller's own credentials and
 * none of the node's; only the host is the API's, which hosts in a cloud insist on. Upgrades, which those hosts do not
 * carry, go through a tunnel by mail.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  createServer as createHttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CertificatePair } from '../../functions/client/certificates.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { World } from '../../functions/world.ts';
import type { Ask } from './mailed-carrier.ts';
import { type ClientEnd, directUpgrade } from './direct-upgrade.ts';
import { refuse as refuseUpgrade, serveUpgrade } from './mailed-upgrade.ts';

export interface ForwarderOptions {
  readonly address: string;
  readonly port: number;
  /** Undefined: it speaks plain HTTP, for browsers on this machine, which know no authority of ours. */
  readonly certificate: CertificatePair | undefined;
  /** `https://host`, with a path where there are several clusters behind the host. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate; the system's when left out. */
  readonly caFile: string | undefined;
  /** Shown to the API with each request. */
  readonly clientCertificate?: CertificatePair | undefined;
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
  /** Without it each request goes on with its own credentials. */
  readonly signIn?: SignIn;
}

/** Who may pass, and what the API is shown instead of their credentials. */
export interface SignIn {
  /** Answers a request that is for the gate itself; false: it is none. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
  isAllowed(request: IncomingMessage): boolean;
  /** The token to send to the API; undefined where the client certificate is enough. Throws an Error when there is none. */
  token(): Promise<string | undefined>;
  /** The API refused the token. */
  refused(): void;
  /** The protocols of a WebSocket that go on to the API: a browser sends the gate's credential among them. */
  protocolsPassed?(protocols: string): string | undefined;
}

export interface Forwarder {
  readonly port: number;
  hasConnections(): boolean;
  close(): Promise<void>;
}

const connectionsMax = 4096;
/** As Go's servers take it: the arguments of an `exec` stand there. */
const headBytesMax = 1 << 20;
const unreachable = new StatusError(503, 'ServiceUnavailable', 'the API cannot be reached', { details: { retryAfterSeconds: 1 } });
/** They are about one connection, not about the request. */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']);

function passedHeaders(headers: IncomingMessage['headers']): Readonly<Record<string, string | string[] | undefined>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)));
}

type Pass = (request: IncomingMessage, response: ServerResponse) => void;
type PassOn = (request: IncomingMessage, response: ServerResponse, headers: OutgoingHttpHeaders) => void;

interface Upstream {
  readonly pass: Pass;
  readonly ask: Ask;
  /** Asks as it is for an upgrade; false: this host carries none. */
  upgrade(request: IncomingMessage, headers: OutgoingHttpHeaders, client: ClientEnd): Promise<boolean>;
  close(): void;
}

/** With the credentials that the API shall see. */
const signedBy =
  (signIn: SignIn | undefined) =>
  async ({ authorization, ...headers }: OutgoingHttpHeaders): Promise<OutgoingHttpHeaders> => {
    const shown = signIn === undefined ? authorization : await bearerOf(signIn);
    return shown === undefined ? headers : { ...headers, authorization: shown };
  };

async function bearerOf(signIn: SignIn): Promise<string | undefined> {
  const token = await signIn.token();
  return token === undefined ? undefined : `Bearer ${token}`;
}

function upstreamOf({ server, caFile, clientCertificate, world: { log }, signIn }: ForwarderOptions): Upstream {
  const base = new URL(server);
  const isTls = base.protocol === 'https:';
  const tls = {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate.certificatePem, key: clientCertificate.keyPem }),
  };
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;
  const prefix = base.pathname.replace(/\/$/, '');
  const open = (method: string, path: string, headers: OutgoingHttpHeaders, signal?: AbortSignal): ClientRequest => {
    const own = { ...headers, host: base.host };
    const port = base.port || (isTls ? 443 : 80);
    return send({
      host: base.hostname,
      port,
      agent,
      method,
      path: `${prefix}${path}`,
      headers: own,
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const signed = signedBy(signIn);
  const seen = (answer: IncomingMessage): IncomingMessage => {
    if (answer.statusCode === 401) signIn?.refused();
    return answer;
  };
  const ask: Ask = async ({ method, path, headers = {}, body, signal }) => {
    const known = Object.entries(headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined);
    const own = await signed(Object.fromEntries(known));
    return new Promise((resolve, reject) => {
      const call = open(method, path, own, signal);
      call.once('response', (answer) => resolve(seen(answer)));
      call.once('error', reject);
      call.end(body);
    });
  };
  const passOn: PassOn = (request, response, headers) => {
    const { method = 'GET', url = '/' } = request;
    const call = open(method, url, headers);
    response.once('close', () => call.destroy());
    call.on('response', (answer) => {
      seen(answer);
      response.writeHead(answer.statusCode ?? 502, passedHeaders(answer.headers));
      // A watch may send no event for a long time; its client waits for the answer's head.
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
  const pass: Pass = (request, response) => {
    signed(passedHeaders(request.headers)).then(
      (headers) => passOn(request, response, headers),
      (error: unknown) => refuse(response, notSignedIn(error)),
    );
  };
  const upgrade: Upstream['upgrade'] = async ({ method = 'GET', url = '/', headers: { upgrade: protocol = '' } }, headers, client) =>
    directUpgrade(open(method, url, { ...(await signed(headers)), connection: 'Upgrade', upgrade: protocol }), client);
  return { pass, ask, upgrade, close: () => agent.destroy() };
}

/** An answer that has begun breaks off instead, so that it is not taken for the whole. */
function refuse(response: ServerResponse, error = unreachable): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(error.toStatus());
  const again = error.code === unreachable.code ? { 'retry-after': '1' } : {};
  response.writeHead(error.code, { 'content-type': 'application/json', ...again }).end(body);
}

const notSignedIn = (error: unknown): StatusError =>
  new StatusError(401, 'Unauthorized', error instanceof Error ? error.message : String(error));
const stranger = new StatusError(401, 'Unauthorized', 'Unauthorized');

/** What Kubernetes' clients upgrade to. Anything else is answered as if it had not been asked for, as it may be. */
const isStreamed = ({ headers }: IncomingMessage): boolean => /^(websocket|spdy\/3\.1)$/i.test(headers.upgrade ?? '');

function serverOf({ certificate }: ForwarderOptions, answer: Pass): Server {
  const limits = { noDelay: true, allowHalfOpen: true, maxHeaderSize: headBytesMax, shouldUpgradeCallback: isStreamed };
  if (certificate === undefined) return createHttpServer(limits, answer);
  return createServer({ ...limits, cert: certificate.certificatePem, key: certificate.keyPem }, answer);
}

/** A browser that signs in at the gate shows its credential among the protocols, which the API must not see. */
function upgradeHeaders({ headers }: IncomingMessage, signIn: SignIn | undefined): ReturnType<typeof passedHeaders> {
  const { 'sec-websocket-protocol': protocols, ...passed } = passedHeaders(headers);
  const kept = typeof protocols === 'string' && signIn?.protocolsPassed !== undefined ? signIn.protocolsPassed(protocols) : protocols;
  return kept === undefined ? passed : { ...passed, 'sec-websocket-protocol': kept };
}

export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { address, port, world, signIn } = options;
  const upstream = upstreamOf(options);
  const server = serverOf(options, (request, response) => {
    if (signIn?.answer(request, response) === true) return;
    if (signIn?.isAllowed(request) === false) refuse(response, stranger);
    else upstream.pass(request, response);
  });
  const ending = new AbortController();
  const onUpgrade = async (request: IncomingMessage, client: ClientEnd): Promise<void> => {
    const headers = upgradeHeaders(request, signIn);
    if (signIn?.protocolsPassed !== undefined && (await upstream.upgrade(request, headers, client))) return;
    await serveUpgrade({ world, ask: upstream.ask, ended: ending.signal, headers }, request, client);
  };
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (signIn?.isAllowed(request) === false) return refuseUpgrade(socket, stranger);
    onUpgrade(request, { socket, head }).catch((error: unknown) => {
      world.log.warn('an upgrade failed', { error });
      refuseUpgrade(socket, unreachable);
    });
  });
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
    hasConnections: () => sockets.size > 0,
    async close() {
      ending.abort(new Error('the gate closes'));
      const closed = once(server.close(), 'close');
      for (const socket of sockets) socket.destroy();
      await closed;
      upstream.close();
    },
  };
}
