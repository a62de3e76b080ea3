/** The socket on which plug-ins call the agent. */
import { rm } from 'node:fs/promises';
import { Server, ServerCredentials, status as grpcStatus, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';

/** Throws Error: the caller gets its message. */
export type Reply<Request> = (request: Request) => Promise<object>;

export interface PluginServer {
  close(): void;
}

async function answer<Request>(reply: Reply<Request>, request: Request, done: sendUnaryData<object>): Promise<void> {
  let found: object;
  try {
    found = await reply(request);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    done({ code: grpcStatus.UNKNOWN, details: error.message });
    return;
  }
  done(null, found);
}

export async function servePlugins<Request>(
  socketPath: string,
  service: ServiceDefinition,
  replies: Readonly<Record<string, Reply<Request>>>,
): Promise<PluginServer> {
  const server = new Server();
  const handlers = Object.entries(replies).map(([method, reply]) => [
    method,
    (call: ServerUnaryCall<Request, object>, done: sendUnaryData<object>): void => void answer(reply, call.request, done),
  ]);
  server.addService(service, Object.fromEntries(handlers));
  await rm(socketPath, { force: true });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix://${socketPath}`, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error))),
  );
  return { close: () => server.forceShutdown() };
}
