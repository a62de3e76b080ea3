/** One gRPC connection to the runtime's socket: named calls in, plain objects out, `RuntimeError` for what goes wrong. */
import { Client, credentials, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { fromJSON, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { RuntimeError, type RuntimeErrorCode } from '../runtime.ts';
import { unaryCall } from '../../plugins/grpc-calls.ts';
import { statusText } from '../../plugins/status-text.ts';
import { criPackage } from './messages.ts';

/** How long a call without a limit of its own may take. Creating a sandbox on a busy machine takes seconds. */
const callSecondsMax = 120;
const reconnectMsMin = 200;
const reconnectMsMax = 3000;
/** containerd's own limit is 16 MiB; ours must not be the smaller one. */
const messageBytesMax = 16 << 20;

export const definitions = fromJSON(criPackage as Parameters<typeof fromJSON>[0], {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
});

type Method = MethodDefinition<object, object>;

function methodOf(service: string, name: string): Method {
  const definition = definitions[service] as ServiceDefinition | undefined;
  const method = definition?.[name];
  if (method === undefined) throw new Error(`no method ${name} in ${service}`);
  return method;
}

const codes: Readonly<Record<number, RuntimeErrorCode>> = {
  [grpcStatus.NOT_FOUND]: 'NotFound',
  [grpcStatus.UNAVAILABLE]: 'Unavailable',
  [grpcStatus.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
  [grpcStatus.UNIMPLEMENTED]: 'Unimplemented',
};

/** The message reads as Go's `status.Error` prints it, since it ends in events and container statuses. */
function runtimeError(error: ServiceError): RuntimeError {
  return new RuntimeError(codes[error.code] ?? 'Unknown', error.details, { message: statusText(error), cause: error });
}

export interface Channel {
  call<Answer>(service: 'RuntimeService' | 'ImageService', name: string, request: object, timeoutSeconds?: number): Promise<Answer>;
  /** containerd's events of containers. Ends as the signal aborts; throws when the stream breaks. */
  subscribe(filters: readonly string[], onEvent: () => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

export function openChannel(socketPath: string): Channel {
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.initial_reconnect_backoff_ms': reconnectMsMin,
    'grpc.max_reconnect_backoff_ms': reconnectMsMax,
    'grpc.max_receive_message_length': messageBytesMax,
  });

  const call = <Answer>(service: string, name: string, request: object, timeoutSeconds = callSecondsMax): Promise<Answer> =>
    unaryCall({ client, failure: runtimeError }, methodOf(`runtime.v1.${service}`, name), request, timeoutSeconds);

  const subscribe = (filters: readonly string[], onEvent: () => void, signal: AbortSignal): Promise<void> => {
    const method = methodOf('containerd.services.events.v1.Events', 'Subscribe');
    return new Promise((resolve, reject) => {
      if (signal.aborted) return resolve();
      const stream = client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, { filters });
      const cancel = (): void => stream.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      stream.on('close', () => signal.removeEventListener('abort', cancel));
      stream.on('data', onEvent);
      stream.on('end', resolve);
      stream.on('error', (error: ServiceError) => (signal.aborted ? resolve() : reject(runtimeError(error))));
    });
  };

  return { call, subscribe, close: () => client.close() };
}
