/** Conditions of the shape that new kinds share. Source: apimachinery, pkg/apis/meta/v1/validation/validation.go, ValidateConditions. */
import { duplicate, type FieldError, invalid, required, tooLong } from '../kube/field-error.ts';
import type { Condition } from '../kube/generated/types.ts';
import { qualifiedNameErrors } from '../kube/names.ts';
import { repeatedIndexes, validateNonnegative, validateOneOf } from './field-rules.ts';

const reasonBytesMax = 1024;
const messageBytesMax = 32 * 1024;
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const statuses = ['False', 'True', 'Unknown'];

export function validateConditions(conditions: readonly Condition[], path: string): FieldError[] {
  const repeated = new Set(repeatedIndexes(conditions.map(({ type }) => type)));
  return conditions.flatMap((condition, index) => [
    ...(repeated.has(index) ? [duplicate(`${path}[${index}]`, { type: condition.type })] : []),
    ...conditionErrors(condition, `${path}[${index}]`),
  ]);
}

function conditionErrors({ type, status, observedGeneration, lastTransitionTime, reason, message }: Condition, path: string): FieldError[] {
  return [
    ...(type ? qualifiedNameErrors(type).map((why) => invalid(`${path}.type`, type, why)) : [required(`${path}.type`)]),
    ...validateOneOf(status, statuses, `${path}.status`),
    ...validateNonnegative(observedGeneration, `${path}.observedGeneration`),
    ...(lastTransitionTime ? [] : [required(`${path}.lastTransitionTime`)]),
    ...reasonErrors(reason, `${path}.reason`),
    ...(Buffer.byteLength(message ?? '') > messageBytesMax ? [tooLong(`${path}.message`, messageBytesMax)] : []),
  ];
}

const reasonExpression = new RegExp(`^${reasonPattern}$`);

function reasonErrors(reason: string, field: string): FieldError[] {
  if (!reason) return [required(field)];
  const errors: FieldError[] = [];
  if (!reasonExpression.test(reason)) {
    const why = `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reasonPattern}')`;
    errors.push(invalid(field, reason, why));
  }
  if (Buffer.byteLength(reason) > reasonBytesMax) errors.push(tooLong(field, reasonBytesMax));
  return errors;
}
