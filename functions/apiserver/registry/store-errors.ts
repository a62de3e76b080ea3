/** The one place where errors of the store become errors that clients see. */
import { StatusError } from '../../kube/status-error.ts';
import type { StoreError } from '../../store/store.ts';

const retrySeconds = 1;

export const listTooOld = 'The resourceVersion for the provided list is too old.';
export const watchTooOld = 'The resourceVersion for the provided watch is too old.';

export const expired = (message: string, cause?: unknown): StatusError => new StatusError(410, 'Expired', message, { cause });

export function statusErrorOf(error: StoreError): StatusError {
  const cause = error;
  switch (error.code) {
    case 'compacted':
      return expired(listTooOld, cause);
    case 'too-large-revision':
      return tooLargeRevision(error, { retryAfterSeconds: retrySeconds });
    case 'too-large-object':
      return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${error.message}`, { cause });
    case 'unknown-outcome':
      // No retryAfterSeconds: clients would repeat the write, which may have happened.
      return new StatusError(504, 'Timeout', 'Timeout: the outcome of the write is unknown', { cause });
    case 'unavailable':
      return new StatusError(503, 'ServiceUnavailable', 'the store is not available', {
        cause,
        details: { retryAfterSeconds: retrySeconds },
      });
    case 'corrupt':
    case 'wrong-format':
      return new StatusError(500, 'InternalError', 'Internal error occurred: the store cannot be read', { cause });
    default:
      return error.code satisfies never;
  }
}

export const tooLargeRevision = (error: StoreError, retry: { readonly retryAfterSeconds?: number } = {}): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: ${error.message}`, {
    cause: error,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], ...retry },
  });
