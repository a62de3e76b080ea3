/** The one place where a failure becomes a response. What the operator needs goes to the log, and only there. */
import type { Status } from '../../kube/generated/types.ts';
import { StatusError } from '../../kube/status-error.ts';
import { StoreError } from '../../store/store.ts';
import type { Log } from '../../world.ts';
import { TooManyRequests } from '../flow-control/too-many-requests.ts';
import { statusErrorOf } from '../registry/store-errors.ts';

export function errorResponse(error: unknown, log: Log): Response {
  if (error instanceof TooManyRequests) return error.toResponse();
  const status = statusOf(error);
  if (status.code >= 500) report(error, status, log);
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  const { retryAfterSeconds } = status.details ?? {};
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds));
  return new Response(JSON.stringify(bounded(status.toStatus())), { status: status.code, headers });
}

/** What another server did not do is one short line; what this one should not have done is shown whole. */
function report(error: unknown, { code, reason, message }: StatusError, log: Log): void {
  if (error instanceof StatusError) log.warn('a request was refused', { code, reason, why: message.slice(0, whyLengthMax) });
  else log.error('a request failed', { code, reason, error });
}

const whyLengthMax = 300;

/** A message may repeat what the client sent. */
const messageLengthMax = 96 * 1024;

const bounded = (status: Status): Status =>
  (status.message ?? '').length <= messageLengthMax ? status : { ...status, message: `${status.message?.slice(0, messageLengthMax)}...` };

function statusOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof StoreError) return statusErrorOf(error);
  if (error instanceof URIError) return new StatusError(400, 'BadRequest', 'the path is not properly escaped', { cause: error });
  return new StatusError(500, 'InternalError', 'Internal error occurred: the request could not be served', { cause: error });
}
