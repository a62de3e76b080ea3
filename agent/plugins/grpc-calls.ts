/** Calls over a gRPC connection as promises: one answer, or a stream of them. `failure` makes an error of what went wrong. */
import { type Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';

export interface GrpcCalls {
  readonly client: Client;
  readonly failure: (error: ServiceError) => Error;
}

type Method = MethodDefinition<object, object>;

/** gRPC's deadline is the wall clock's by definition; it only guards against a server that never answers. */
const deadlineIn = (seconds: number): number => performance.timeOrigin + performance.now() + seconds * 1000;

export const unaryCall = <Answer>(
  { client, failure }: GrpcCalls,
  { path, requestSerialize, responseDeserialize }: Method,
  request: object,
  timeoutSeconds: number,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { deadline: deadlineIn(timeoutSeconds) };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new Metadata(), options, (error, value) => {
      if (error !== null) return reject(failure(error));
      resolve(value as Answer);
    });
  });
