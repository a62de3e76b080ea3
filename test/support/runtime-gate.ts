/**
 * A socket in front of a runtime's. It passes every call on, until a test holds one: then that call goes no further. So
 * its caller can be killed before the runtime has the call, while it works, or before the answer.
 */
import { Client, credentials, Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { sandboxImageDefault } from '../../agent/config.ts';
import { importPauseImage } from '../../agent/images/import-pause.ts';
import { createCriRuntime } from '../../agent/runtime/cri/cri-runtime.ts';
import { definitions } from '../../agent/runtime/cri/channel.ts';

export type Moment = 'asked' | 'under way' | 'answered';

export interface RuntimeGate {
  readonly socket: string;
  /** Resolves when the next call of the method is at that moment. */
  holdAt(method: string, moment: Moment): Promise<void>;
  close(): void;
}

interface Hold {
  readonly method: string;
  readonly moment: Moment;
  readonly reached: () => void;
}

const asBytes = (bytes: Buffer): Buffer => bytes;
const messageBytesMax = 16 << 20;

export async function runtimeGate(runtimeSocket: string): Promise<RuntimeGate> {
  const socket = `${runtimeSocket}.gate`;
  // An agent brings this image by calls of containerd that are not the runtime's.
  const runtime = createCriRuntime({ socketPath: runtimeSocket });
  await importPauseImage(runtime, runtimeSocket, sandboxImageDefault);
  runtime.close();
  const client = new Client(`unix://${runtimeSocket}`, credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.max_receive_message_length': messageBytesMax,
  });
  const server = new Server({ 'grpc.max_receive_message_length': messageBytesMax });
  let next: Hold | undefined;
  const isHeldAt = (method: string, moment: Moment): boolean => {
    if (next?.method !== method || next.moment !== moment) return false;
    next.reached();
    next = undefined;
    return true;
  };
  const pass =
    ({ path }: MethodDefinition<object, object>, name: string) =>
    (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
      if (isHeldAt(name, 'asked')) return;
      const deadline = call.getDeadline();
      // The runtime goes on to the end with a call whose answer is awaited here.
      const isAwaited = next?.method === name && next.moment === 'answered';
      const passed = client.makeUnaryRequest<Buffer, Buffer>(
        path,
        asBytes,
        asBytes,
        call.request,
        new Metadata(),
        { deadline },
        (error, value) => {
          if (!isHeldAt(name, 'answered')) answer(error, value);
        },
      );
      if (!isAwaited) call.on('cancelled', () => passed.cancel());
      isHeldAt(name, 'under way');
    };
  for (const [name, definition] of Object.entries(definitions)) {
    if (!name.startsWith('runtime.v1.') || 'format' in definition) continue;
    const service: ServiceDefinition = definition;
    const asPassed = Object.entries(service).map(([method, it]) => [
      method,
      { ...it, requestSerialize: asBytes, requestDeserialize: asBytes, responseSerialize: asBytes, responseDeserialize: asBytes },
    ]);
    const calls = Object.entries(service).map(([method, it]) => [method, pass(it, method)]);
    server.addService(Object.fromEntries(asPassed), Object.fromEntries(calls));
  }
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error)));
  });
  return {
    socket,
    holdAt: (method, moment) =>
      new Promise((resolve) => {
        next = { method, moment, reached: resolve };
      }),
    close() {
      server.forceShutdown();
      client.close();
    },
  };
}
