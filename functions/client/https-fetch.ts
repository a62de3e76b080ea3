/**
 * `fetch` with a cluster's own authority and a client's certificate, which the global one does not take. Answers
 * stream: a watch is a response whose body goes on.
 */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

export interface ClusterAccess {
  /** `https://host:port`, with a path where several clusters share it. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate; the system's when left out. */
  readonly caPem?: string;
  readonly certificatePem?: string;
  readonly keyPem?: string;
  readonly token?: string;
}

export interface HttpsFetch {
  /** The request's URL counts only by its path and query. */
  (request: Request): Promise<Response>;
  /** Ends idle connections, so that they keep no process alive. */
  close(): void;
}

/** The connection failed: the request was not answered. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
}

const withoutBody = new Set([101, 204, 205, 304]);

function responseOf(message: IncomingMessage): Response {
  const status = message.statusCode ?? 500;
  const headers = Object.entries(message.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const body = withoutBody.has(status) ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>);
  return new Response(body, { status, statusText: message.statusMessage ?? '', headers });
}

export function createHttpsFetch({ server, caPem, certificatePem, keyPem, token }: ClusterAccess): HttpsFetch {
  const { hostname, port } = new URL(server);
  // An address in brackets is for URLs only.
  const host = hostname.replace(/^\[|\]$/g, '');
  const agent = new Agent({ keepAlive: true, ca: caPem, cert: certificatePem, key: keyPem });

  async function fetch(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    const headers: Record<string, string> = { ...Object.fromEntries(request.headers), 'content-length': String(body.length) };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    return new Promise((resolve, reject) => {
      const call = httpsRequest(
        { host, port: port || 443, agent, method: request.method, path: `${pathname}${search}`, headers, signal: request.signal },
        (message) => resolve(responseOf(message)),
      );
      call.on('error', (error) => reject(new ConnectionError(error.message, { cause: error })));
      call.end(body);
    });
  }
  return Object.assign(fetch, { close: () => agent.destroy() });
}
