/** A connection to a plug-in's socket: named calls in, plain objects out, `PluginError` for what goes wrong. */
import { Client, credentials, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { unaryCall } from './grpc-calls.ts';
import { statusText } from './status-text.ts';

/** As long as upstream waits for a driver. Source: pkg/volume/csi/csi_plugin.go (csiTimeout) */
const callSecondsMax = 120;

/** The message reads as Go's `status.Error` prints it, since it ends in events. */
export class PluginError extends Error {
  override name = 'PluginError';
  readonly isUnimplemented: boolean;

  constructor(error: ServiceError) {
    super(statusText(error), { cause: error });
    this.isUnimplemented = error.code === grpcStatus.UNIMPLEMENTED;
  }
}

const failure = (error: ServiceError): PluginError => new PluginError(error);

export interface PluginClient {
  call<Answer>(method: string, request: object, timeoutSeconds?: number): Promise<Answer>;
  /** Ends as the signal aborts or the plug-in ends it; throws PluginError when it breaks. */
  stream<Message>(method: string, onMessage: (message: Message) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

export function openPlugin(socketPath: string, service: ServiceDefinition): PluginClient {
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure(), { 'grpc.default_authority': 'localhost' });
  return {
    call<Answer>(name: string, request: object, timeoutSeconds = callSecondsMax): Promise<Answer> {
      const method = service[name];
      if (method === undefined) throw new Error(`no method ${name}`);
      return unaryCall({ client, failure }, method, request, timeoutSeconds);
    },
    stream<Message>(name: string, onMessage: (message: Message) => void, signal: AbortSignal): Promise<void> {
      const method = service[name];
      if (method === undefined) throw new Error(`no method ${name}`);
      return new Promise((resolve, reject) => {
        const stream = client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, {});
        const cancel = (): void => stream.cancel();
        if (signal.aborted) cancel();
        signal.addEventListener('abort', cancel, { once: true });
        stream.on('close', () => signal.removeEventListener('abort', cancel));
        stream.on('data', onMessage);
        stream.on('end', resolve);
        stream.on('error', (error: ServiceError) => (signal.aborted ? resolve() : reject(new PluginError(error))));
      });
    },
    close: () => client.close(),
  };
}
