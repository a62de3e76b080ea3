/**
 * What stands before functions and services in AWS: TLS under their names, and Function URLs whose answers stream. Programs
 * get here by runtime.mjs; kubectl asks a proxy, which is here too. What is behind is the emulator.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createCertificateAuthority, createServerCertificate } from '../../../functions/client/certificates.ts';
import { realWorld } from '../../../functions/world.ts';
import { openFrontDoor } from '../../../infra/local/cloud/front-door.ts';

export interface Edge {
  /** The port of its TLS. */
  readonly port: number;
  /** For programs that take a proxy (`HTTPS_PROXY`). */
  readonly proxyUrl: string;
  readonly authorityPem: string;
  /** The certificate of all names, for the emulator too. */
  readonly certificatePem: string;
  readonly keyPem: string;
  close(): Promise<void>;
}

interface ResponseHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

const here = '127.0.0.1';
const isFunctionUrl = (host: string): boolean => host.includes('.lambda-url.');
/** Between two neighbours only. Source: RFC 9110, 7.6.1. */
const hopHeaders = new Set(['connection', 'keep-alive', 'upgrade', 'transfer-encoding', 'te', 'trailer']);
const endToEnd = (headers: IncomingMessage['headers']): IncomingMessage['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name)));

async function listening(server: Server): Promise<number> {
  server.listen(0, here);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function openEdge(region: string, emulatorPort: number): Promise<Edge> {
  const { clock } = realWorld('error');
  const authority = await createCertificateAuthority('edge', clock);
  const hosts = [here, `*.lambda-url.${region}.on.aws`, `sts.${region}.amazonaws.com`];
  const server = await createServerCertificate(authority, { commonName: 'aws', hosts }, clock);
  const emulator = { host: here, port: emulatorPort, ca: authority.certificatePem, servername: '' };
  const answers = new Answers();
  const answerPort = await listening(answers.server);
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const id = isFunctionUrl(request.headers.host ?? '') ? answers.expect(response) : undefined;
    const headers = { ...endToEnd(request.headers), ...(id === undefined ? {} : { 'x-edge-answer': `${answerPort}/${id}` }) };
    const behind = httpsRequest({ ...emulator, method: request.method, path: request.url, headers }, (message) =>
      answers.ended(id, message, response),
    );
    behind.on('error', () => response.destroy());
    request.pipe(behind);
  };
  const door = await openFrontDoor({ addresses: [{ host: here, port: 0 }], ...server, serve });
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, socket: Duplex) => tunnel(request.url ?? '', socket, door.port));
  const proxyPort = await listening(proxy);
  return {
    port: door.port,
    proxyUrl: `http://${here}:${proxyPort}`,
    authorityPem: authority.certificatePem,
    ...server,
    async close() {
      await door.close();
      for (const one of [answers.server, proxy]) {
        one.close();
        one.closeAllConnections();
      }
    },
  };
}

/** Every name of AWS is the edge's. */
function tunnel(target: string, socket: Duplex, edgePort: number): void {
  const [host = '', port] = target.split(':');
  const isOfAws = /\.(amazonaws\.com|on\.aws)$/.test(host);
  const behind = connect(isOfAws ? { host: here, port: edgePort } : { host, port: Number(port) }, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    behind.pipe(socket).pipe(behind);
  });
  for (const [one, other] of [
    [socket, behind],
    [behind, socket],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy());
}

/** Functions bring their answers themselves, in pieces: the emulator holds back an answer until it is whole. */
class Answers {
  /** An answer takes as long as its watch. */
  readonly server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (request, response) => this.#bring(request, response));
  readonly #expected = new Map<string, ServerResponse>();

  expect(response: ServerResponse): string {
    const id = randomUUID();
    this.#expected.set(id, response);
    return id;
  }

  #bring(brought: IncomingMessage, thanks: ServerResponse): void {
    const id = (brought.url ?? '').slice(1);
    const response = this.#expected.get(id);
    this.#expected.delete(id);
    const text = Buffer.from(String(brought.headers['x-edge-head']), 'base64').toString();
    const { statusCode, headers } = JSON.parse(text) as ResponseHead;
    response?.writeHead(statusCode, headers);
    response?.flushHeaders();
    // AWS does not report to a function that its client has left: the rest of its answer is read, and lost.
    brought.on('data', (chunk: Buffer) => void (response?.destroyed === false && response.write(chunk)));
    brought.on('end', () => {
      response?.end();
      thanks.end();
    });
    brought.on('error', () => response?.destroy());
  }

  /** The invocation is over. A function that brought no answer has failed, or none was called. */
  ended(id: string | undefined, message: IncomingMessage, response: ServerResponse): void {
    const isBrought = id !== undefined && !this.#expected.delete(id);
    if (isBrought) return void message.resume();
    const isFailed = id !== undefined && message.statusCode === 200;
    response.writeHead(isFailed ? 502 : (message.statusCode ?? 502), endToEnd(message.headers));
    message.pipe(response);
  }
}
