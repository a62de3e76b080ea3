/**
 * Errors that clients see. The message is part of the contract: it is upstream's, to the letter.
 * Source: apimachinery, pkg/api/errors/errors.go and pkg/apis/meta/v1/types.go.
 */
import type { Status, StatusDetails } from './generated/types.ts';
import { goQuote } from './go-quote.ts';
import type { ResourceType } from './resource-type.ts';
import { groupResource } from './resource-type.ts';

export type StatusReason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  /** A reason of Hibernetes that only workers see: another worker took over, or the work is of an earlier epoch. */
  | 'EpochOver'
  | 'Expired'
  | 'Forbidden'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'NotFound'
  | 'RequestEntityTooLarge'
  | 'ServerTimeout'
  | 'ServiceUnavailable'
  | 'StorageReadError'
  | 'Timeout'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'UnsupportedMediaType'
  | 'NotImplemented'
  /** Upstream's error was no Status: it reaches clients with its text alone. */
  | '';

export class StatusError extends Error {
  readonly code: number;
  readonly reason: StatusReason;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: StatusReason, message: string, options: { details?: StatusDetails; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.details = options.details;
  }

  /** The `Status` document that goes over the wire. */
  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  static fromStatus(status: Status): StatusError {
    return new StatusError(status.code ?? 500, (status.reason ?? '') as StatusReason, status.message ?? 'unknown', {
      details: status.details,
    });
  }
}

/** What upstream makes of an error that it did not expect. */
export const plainError = (message: string): StatusError => new StatusError(500, '', message);

export const hasReason = (error: unknown, reason: StatusReason): error is StatusError =>
  error instanceof StatusError && error.reason === reason;
export const isNotFound = (error: unknown): error is StatusError => hasReason(error, 'NotFound');
export const isConflict = (error: unknown): error is StatusError => hasReason(error, 'Conflict');
export const isAlreadyExists = (error: unknown): error is StatusError => hasReason(error, 'AlreadyExists');

type Resource = Pick<ResourceType, 'group' | 'resource'>;

const detailsOf = (type: Resource, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(type.group === '' ? {} : { group: type.group }),
  kind: type.resource,
});

export const notFound = (type: Resource, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${groupResource(type)} ${goQuote(name)} not found`, { details: detailsOf(type, name) });

export const alreadyExists = (type: Resource, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${groupResource(type)} ${goQuote(name)} already exists`, { details: detailsOf(type, name) });

export const conflict = (type: Resource, name: string, why: string): StatusError =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${groupResource(type)} ${goQuote(name)}: ${why}`, {
    details: detailsOf(type, name),
  });

/** `name` may be ''. */
export const forbidden = (type: Resource, name: string, why: string): StatusError =>
  new StatusError(403, 'Forbidden', `${groupResource(type)}${name === '' ? '' : ` ${goQuote(name)}`} is forbidden: ${why}`, {
    details: detailsOf(type, name),
  });

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);
