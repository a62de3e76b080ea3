/** Checks of single numbers and names that many fields share. Source: apimachinery, pkg/api/validation/generic.go. */
import { type FieldError, invalid, notSupported, required } from '../kube/field-error.ts';
import { portNameErrors, portNumberErrors } from '../kube/names.ts';

export const validateNonnegative = (value: number | undefined, field: string): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : [];

export const validatePositive = (value: number | undefined, field: string): FieldError[] =>
  value !== undefined && value <= 0 ? [invalid(field, value, 'must be greater than 0')] : [];

/** A port of a container, by number or by name. Source: ValidatePortNumOrName. */
export function validatePortReference(port: number | string | undefined, field: string): FieldError[] {
  const errors = typeof port === 'string' ? portNameErrors(port) : portNumberErrors(port ?? 0);
  return errors.map((why) => invalid(field, port ?? 0, why));
}

/** Required, and one of `supported`. */
export function validateOneOf(value: string | undefined, supported: readonly string[], field: string): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** The index of every value that stood in the list before. */
export function repeatedIndexes(values: readonly string[]): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    const isRepeated = seen.has(value);
    seen.add(value);
    return isRepeated ? [index] : [];
  });
}
