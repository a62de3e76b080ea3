/** An error of gRPC in the words that Go's programs print. */
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';

export function statusText(error: ServiceError): string {
  const name = grpcStatus[error.code] ?? 'UNKNOWN';
  const camel = name.toLowerCase().replace(/(^|_)([a-z])/g, (_all, _bar, letter: string) => letter.toUpperCase());
  return `rpc error: code = ${camel} desc = ${error.details}`;
}
