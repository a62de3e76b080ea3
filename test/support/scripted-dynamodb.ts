/** A service that answers DynamoDB's requests as it is told, and remembers what it was sent. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServiceAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ServiceRequest {
  /** Such as PutItem. */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
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

/** `answer`: undefined keeps the client waiting. */
export async function startScriptedDynamodb(answer: (request: ServiceRequest) => ServiceAnswer | undefined): Promise<ScriptedDynamodb> {
  const requests: ServiceRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      const request = { operation: `${incoming.headers['x-amz-target']}`.split('.')[1] ?? '', headers: incoming.headers };
      requests.push(request);
      const given = answer(request);
      if (given === undefined) return;
      outgoing.writeHead(given.status ?? 200, { 'content-type': 'application/x-amz-json-1.0', ...given.headers });
      outgoing.end(JSON.stringify(given.body));
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
