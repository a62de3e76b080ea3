/**
 * What the service's errors mean to the store; the only place that knows their names. Messages name neither the table
 * nor anything secret: the service's own error is the cause.
 */
import { StoreError } from '../store.ts';
import { MissingRegion } from '../../aws/endpoint.ts';
import { ServiceError } from '../../aws/json-service.ts';
import { isThrottling, latenessOf } from '../../aws/refusals.ts';
import { readItem } from './dynamodb-service.ts';
import type { Item } from './item.ts';

export type Trouble =
  /** The condition does not hold; what is there, if that was asked for. */
  | { readonly type: 'condition'; readonly item?: Item }
  /** Not carried out, and worth trying again. */
  | { readonly type: 'not-now'; readonly error: StoreError }
  /** It may have been carried out, or still be. */
  | { readonly type: 'unanswered'; readonly error: StoreError }
  /** Not carried out, and trying again is no use. */
  | { readonly type: 'refused'; readonly error: StoreError };

/** `operation`: the service's name of it, such as PutItem. */
export function troubleOf(error: unknown, operation: string): Trouble {
  if (!(error instanceof Error)) throw error;
  const known = named(error) ?? (isThrottling(error) ? throttled : undefined) ?? byStatus(error) ?? byConnection(error);
  if (known !== undefined) return known(error, operation);
  return refused('the table did not accept a request')(error, operation);
}

type Translate = (error: Error, operation: string) => Trouble;

const unavailable = (message: string, cause: Error): StoreError => new StoreError('unavailable', message, { cause });
const refused =
  (message: string): Translate =>
  (cause) => ({ type: 'refused', error: unavailable(message, cause) });
const notNow =
  (message: string): Translate =>
  (cause) => ({ type: 'not-now', error: unavailable(message, cause) });
const unanswered =
  (message: string): Translate =>
  (cause) => ({ type: 'unanswered', error: unavailable(message, cause) });

const throttled = notNow('the table is busy: more was asked of it than it takes at once');
const unknownCredentials = refused('the credentials for the table are not accepted');
const missingTable = refused('the table does not exist in this account and region');

const byName: Readonly<Record<string, Translate>> = {
  ConditionalCheckFailedException: (error) => ({ type: 'condition', ...shownBy(error) }),
  LimitExceededException: throttled,
  TransactionConflictException: throttled,
  ReplicatedWriteConflictException: throttled,
  ResourceNotFoundException: missingTable,
  TableNotFoundException: missingTable,
  ResourceInUseException: notNow('the table is being changed'),
  AccessDeniedException: forbidden,
  UnrecognizedClientException: unknownCredentials,
  InvalidClientTokenId: unknownCredentials,
  MissingAuthenticationToken: unknownCredentials,
  InvalidSignatureException: signature,
  SignatureDoesNotMatch: signature,
  RequestExpired: late,
  RequestInTheFuture: late,
  RequestTimeTooSkewed: late,
  ExpiredTokenException: refused('the credentials for the table have expired'),
  CredentialsProviderError: refused('there are no credentials for the table'),
  ValidationException: refused('the table did not accept a request: is it of this version, and not too large?'),
  TimeoutError: unanswered('the table did not answer in time'),
  AbortError: unanswered('the table did not answer in time'),
  RequestTimeout: unanswered('the table did not answer in time'),
  RequestTimeoutException: unanswered('the table did not answer in time'),
};

const named = (error: Error): Translate | undefined => (Object.hasOwn(byName, error.name) ? byName[error.name] : undefined);

/** Old signatures and those of another region come under one name. Source: AWS, "Troubleshoot Signature Version 4". */
function signature(error: Error, operation: string): Trouble {
  if (/expired|not yet current/i.test(error.message)) return late(error);
  if (/scoped to a valid region/i.test(error.message))
    return refused('the credentials for the table are for another region')(error, operation);
  return unknownCredentials(error, operation);
}

/** No process corrects the clock, since rights rest on its readings: a person has to. */
function late(cause: Error): Trouble {
  const { signed, arrived, isFromTheFuture } = latenessOf(cause) ?? {};
  const times =
    signed === undefined ? 'a request was signed too long before it arrived' : `a request signed at ${signed} arrived at ${arrived}`;
  const clock = 'the clock of this machine is wrong';
  const heldUp = signed === undefined ? `${times}, or ${clock}` : `${times}: it was held up, or ${clock}`;
  return { type: 'not-now', error: unavailable(isFromTheFuture === true ? `${clock}: ${times}` : heldUp, cause) };
}

/** What is missing may be another service's, such as the right to the key that seals the table. */
function forbidden(error: Error, operation: string): Trouble {
  const permission = /perform: (\w+:\w+)/.exec(error.message)?.[1] ?? `dynamodb:${operation}`;
  return refused(`the permission ${permission}, which the table needs, is missing`)(error, operation);
}

const firstServerError = 500;

function byStatus(error: Error): Translate | undefined {
  return error instanceof ServiceError && error.status >= firstServerError ? unanswered('the table’s service failed') : undefined;
}

/** Nothing was sent when no service listened. */
function byConnection(error: Error): Translate | undefined {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return notNow('the table’s service has no address: is the region right, and is there a network?');
  if (code === 'ECONNREFUSED') return notNow('the table’s service cannot be reached');
  if (typeof code === 'string') return unanswered('the connection to the table’s service broke');
  if (error instanceof MissingRegion) return refused('no region is set for the table');
  return undefined;
}

/** What is there, if that was asked for. */
function shownBy(error: Error): { readonly item?: Item } {
  const item = error instanceof ServiceError ? error.fields['Item'] : undefined;
  return typeof item === 'object' && item !== null ? { item: readItem(item as Parameters<typeof readItem>[0]) } : {};
}
