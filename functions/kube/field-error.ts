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
  | 'FieldValueTypeInvalid';

export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.containers[0].name` */
  readonly field: string;
  /** Without the field: `Required value: must be set`. */
  readonly message: string;
}

/** Go's %q of a string, or a number or boolean as it is, or JSON for what is bigger, in which Go escapes what HTML reads. */
function quoted(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? goQuote(value) : goEscaped(JSON.stringify(value ?? null));
}

const withDetail = (start: string, detail: string): string => (detail === '' ? start : `${start}: ${detail}`);

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${quoted(value)}`, detail),
});

/** Where upstream leaves the value out of the message. */
export const invalidWithoutValue = (field: string, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: withDetail('Invalid value', detail),
});

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${quoted(value)}${supported.length === 0 ? '' : `: supported values: ${supported.map(goQuote).join(', ')}`}`,
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${quoted(value)}`,
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
});

export const tooLong = (field: string, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${maxBytes} bytes`,
});

export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${max} items`,
});

export const fieldNotFound = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  message: `Not found: ${quoted(value)}`,
});

/** How Go prints several errors as one. Source: apimachinery, pkg/util/errors/errors.go. */
export function aggregate(texts: readonly string[]): string {
  const different = [...new Set(texts)];
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`;
}

/** The 422 that carries field errors: one cause each, and all of them in the message. */
export function invalidObject(type: Pick<ResourceType, 'group' | 'kind'>, name: string, errors: readonly FieldError[]): StatusError {
  const different = new Map(errors.map((error) => [`${error.field}: ${error.message}`, error]));
  const causes = [...different.values()].map(({ type: reason, field, message }): StatusCause => ({ reason, message, field }));
  const all = aggregate([...different.keys()]);
  const qualifiedKind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  return new StatusError(422, 'Invalid', `${qualifiedKind} ${goQuote(name)} is invalid: ${all}`, {
    details: {
      ...(name === '' ? {} : { name }),
      ...(type.group === '' ? {} : { group: type.group }),
      ...(type.kind === '' ? {} : { kind: type.kind }),
      causes,
    },
  });
}
