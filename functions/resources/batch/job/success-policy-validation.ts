/** Source: pkg/apis/batch/validation/validation.go, validateSuccessPolicy. */
import { type FieldError, invalid, required, tooLong, tooMany } from '../../../kube/field-error.ts';
import type { JobSpec, SuccessPolicyRule } from '../../../kube/generated/types.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { parseIndexes } from './indexes.ts';

const rulesMax = 20;
const indexesBytesMax = 64 * 1024;

export function validateSuccessPolicy({ successPolicy, completions = 0 }: JobSpec, path: string): FieldError[] {
  const rules = successPolicy?.rules ?? [];
  const why = 'at least one rules must be specified when the successPolicy is specified';
  return [
    ...(rules.length === 0 ? [required(`${path}.rules`, why)] : []),
    ...(rules.length > rulesMax ? [tooMany(`${path}.rules`, rules.length, rulesMax)] : []),
    ...rules.flatMap((rule, index) => ruleErrors(rule, `${path}.rules[${index}]`, completions)),
  ];
}

function ruleErrors(
  { succeededCount: count, succeededIndexes: indexes }: SuccessPolicyRule,
  path: string,
  completions: number,
): FieldError[] {
  const errors: FieldError[] = [];
  if (count === undefined && indexes === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let total = 0;
  if (indexes !== undefined) {
    const field = `${path}.succeededIndexes`;
    if (Buffer.byteLength(indexes) > indexesBytesMax) errors.push(tooLong(field, indexesBytesMax));
    const parsed = parseIndexes(indexes, completions);
    if (typeof parsed === 'string') errors.push(invalid(field, indexes, `error parsing succeededIndexes: ${parsed}`));
    else total = parsed.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }
  if (count === undefined) return errors;
  const field = `${path}.succeededCount`;
  errors.push(...validateNonnegative(count, field));
  if (count > completions) {
    errors.push(invalid(field, count, `must be less than or equal to ${completions} (the number of specified completions)`));
  }
  if (indexes !== undefined && count > total) {
    const why = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalid(field, count, why));
  }
  return errors;
}
