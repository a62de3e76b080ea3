/** Calls over a gRPC connection as promises: one answer, or a stream of them. `failure` makes an error of what went wrong. */
import { type Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { systemClockMs } from '../../functions/world.ts';

export interface GrpcCalls {
  readonly client: Client;
  readonly failure: (error: ServiceError) => Error;
}

type Method = MethodDefinition<object, object>;

/** By the system's clock, which grpc-js compares it with: any other drifts away from it when the machine's time is set. */
export const deadlineIn = (seconds: number): number => systemClockMs() + seconds * 1000;

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
