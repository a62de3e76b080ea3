/**
 * What is wrong with one field. Source: apimachinery, pkg/util/validation/field/errors.go; the texts of `message` are
 * upstream's, since they reach users inside an Invalid status.
 */
import { goEscaped, goQuote } from './go-quote.ts';
import type { StatusCause } from './generated/types.ts';
import type { ResourceType } from './resource-type.ts';
import { StatusError } from './status-error.ts';

export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueNotFound'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** The text of `message` is made when it is read: of many errors, most are not shown. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.containers[0].name` */
  readonly field: string;
  /** Without the field: `Required value: must be set`. */
  readonly message: string;
}

/** The longest value in an error; the client that sent it knows the rest. */
const valueLengthMax = 40 * 1024;

const shortened = (text: string): string => (text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax)}...`);

/** Go's %q of a string, a number or boolean as it is, and JSON for what is bigger. Go escapes in JSON what HTML reads. */
function quoted(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? goQuote(shortened(value)) : shortened(goEscaped(JSON.stringify(value ?? null)));
}

const withDetail = (start: string, detail: string): string => (detail === '' ? start : `${start}: ${detail}`);

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  get message() {
    return withDetail('Required value', detail);
  },
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  get message() {
    return withDetail(`Invalid value: ${quoted(value)}`, detail);
  },
});

/** Where upstream leaves the value out of the message. */
export const invalidWithoutValue = (field: string, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  get message() {
    return withDetail('Invalid value', detail);
  },
});

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  get message() {
    return `Unsupported value: ${quoted(value)}${supported.length === 0 ? '' : `: supported values: ${supported.map(goQuote).join(', ')}`}`;
  },
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  get message() {
    return `Duplicate value: ${quoted(value)}`;
  },
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  get message() {
    return withDetail('Forbidden', detail);
  },
});

export const tooLong = (field: string, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  get message() {
    return `Too long: may not be more than ${maxBytes} bytes`;
  },
});

/** Where the API declares the limit, it counts characters. */
export const tooLongDeclared = (field: string, maxCharacters: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  get message() {
    return `Too long: may not be more than ${maxCharacters} characters`;
  },
});

export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  get message() {
    return `Too many: ${actual}: must have at most ${max} items`;
  },
});

export const fieldNotFound = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  get message() {
    return `Not found: ${quoted(value)}`;
  },
});

/** The error of a rule that could not decide. */
export const internalError = (field: string, detail: string): FieldError => ({
  type: 'InternalError',
  field,
  get message() {
    return withDetail('Internal error', detail);
  },
});

/** How Go prints several errors as one. Source: apimachinery, pkg/util/errors/errors.go. */
export function aggregate(texts: readonly string[]): string {
  const different = [...new Set(texts)];
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`;
}

/** The limit of all texts of one answer. A body of 3 MiB may hold errors whose texts are many times as long. */
const textLengthMax = 64 * 1024;

/** The first errors, as many as there is room for. */
function shownErrors(errors: readonly FieldError[]): readonly FieldError[] {
  let length = 0;
  const end = errors.findIndex(({ field, message }) => (length += field.length + message.length) > textLengthMax);
  return end === -1 ? errors : errors.slice(0, Math.max(1, end));
}

/** The 422 that carries field errors: one cause each, and all of them in the message, as far as there is room. */
export function invalidObject(
  type: Pick<ResourceType, 'group' | 'kind'>,
  name: string,
  errors: readonly FieldError[],
  repeatsCauses = false,
): StatusError {
  const shown = shownErrors(errors);
  const different = new Map(shown.map((error) => [`${error.field}: ${error.message}`, error]));
  const causes = (repeatsCauses ? shown : [...different.values()]).map(({ type: reason, field, message }): StatusCause => ({
    reason,
    message,
    field,
  }));
  const texts = [...different.keys()];
  const all = aggregate(shown.length === errors.length ? texts : [...texts, `and ${errors.length - shown.length} more`]);
  const qualifiedKind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  return new StatusError(422, 'Invalid', `${qualifiedKind} ${goQuote(shortened(name))} is invalid: ${all}`, {
    details: {
      ...(name === '' ? {} : { name: shortened(name) }),
      ...(type.group === '' ? {} : { group: type.group }),
      ...(type.kind === '' ? {} : { kind: type.kind }),
      causes,
    },
  });
}
