/** A service that answers DynamoDB's requests with a test's answers, and remembers what it was sent. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServiceAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Instead of the body, as it is. */
  readonly text?: string;
  /** Breaks the connection after the headers and so many characters; before them when it is 0. */
  readonly breaksAfter?: number;
}

export interface ServiceRequest {
  /** The operation, such as PutItem. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedDynamodb {
  readonly endpoint: string;
  readonly requests: readonly ServiceRequest[];
  stop(): void;
}

export const refusal = (type: string, message: string, status = 400): ServiceAnswer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message },
});

function send({ status = 200, headers, body, text = JSON.stringify(body), breaksAfter }: ServiceAnswer, outgoing: ServerResponse): void {
  if (breaksAfter === 0) return void outgoing.destroy();
  const length = Buffer.byteLength(text);
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'content-length': length, ...headers });
  if (breaksAfter === undefined) outgoing.end(text);
  else outgoing.write(text.slice(0, breaksAfter), () => outgoing.destroy());
}

/** `answer`: undefined keeps the client waiting. */
export async function startScriptedDynamodb(answer: (request: ServiceRequest) => ServiceAnswer | undefined): Promise<ScriptedDynamodb> {
  const requests: ServiceRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => void chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const operation = `${headers['x-amz-target']}`.split('.')[1] ?? '';
      const request = { operation, method, path, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      const given = answer(request);
      if (given !== undefined) send(given, outgoing);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
