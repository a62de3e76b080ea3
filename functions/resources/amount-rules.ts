/** Numbers or percentages: `1`, `25%`. Source: pkg/apis/apps/validation/validation.go, ValidatePositiveIntOrPercent. */
import { type FieldError, invalid } from '../kube/field-error.ts';
import { validateNonnegative } from './field-rules.ts';

type Amount = number | string;

const percentOf = (value: Amount): number | undefined =>
  typeof value === 'string' && /^[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;

export const isZeroAmount = (value: Amount): boolean =>
  value === 0 || percentOf(value) === 0 || (typeof value === 'string' && percentOf(value) === undefined);

export function validateAmount(value: Amount, field: string): FieldError[] {
  if (typeof value === 'number') return validateNonnegative(value, field);
  if (percentOf(value) !== undefined) return [];
  const why =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  return [invalid(field, value, why)];
}

export const validateAtMostAll = (value: Amount, field: string): FieldError[] =>
  (percentOf(value) ?? 0) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];
