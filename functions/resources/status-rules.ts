/** Numbers that a status counts. Source: pkg/apis/apps/validation/validation.go. */
import { type FieldError, invalid } from '../kube/field-error.ts';
import { validateNonnegative } from './field-rules.ts';

type Counts<Field extends string> = { readonly [Key in Field]?: number } | undefined;

export const validateCounts = <Field extends string>(status: Counts<Field>, fields: readonly Field[]): FieldError[] =>
  fields.flatMap((field) => validateNonnegative(status?.[field], `status.${field}`));

export function validateNoDecrement<Field extends string>(next: Counts<Field>, current: Counts<Field>, field: Field): FieldError[] {
  const [after, before] = [next?.[field], current?.[field]];
  const isDecremented = before !== undefined && (after === undefined || after < before);
  return isDecremented ? [invalid(`status.${field}`, after ?? 0, 'cannot be decremented')] : [];
}

/** `pairs` of a field and the one that it cannot exceed. */
export const validateOrder = <Field extends string>(status: Counts<Field>, pairs: readonly (readonly [Field, Field])[]): FieldError[] =>
  pairs.flatMap(([field, limit]) =>
    (status?.[field] ?? 0) > (status?.[limit] ?? 0)
      ? [invalid(`status.${field}`, status?.[field] ?? 0, `cannot be greater than status.${limit}`)]
      : [],
  );
