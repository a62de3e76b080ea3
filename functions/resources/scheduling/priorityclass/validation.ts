/** Source: pkg/apis/scheduling/validation/validation.go, ValidatePriorityClass. */
import { type FieldError, forbiddenField } from '../../../kube/field-error.ts';
import type { PriorityClass } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import { validateOneOf } from '../../field-rules.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { systemPriorityClasses } from './system-classes.ts';

const systemPrefix = 'system-';
const valueMax = 1_000_000_000;
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];

/** Errors of a new class: an update changes none of these fields. */
export function validatePriorityClass(priorityClass: PriorityClass, current?: PriorityClass): FieldError[] {
  if (current !== undefined) return [];
  const { value = 0, preemptionPolicy } = priorityClass;
  const errors: FieldError[] = [];
  if (nameOf(priorityClass).startsWith(systemPrefix)) {
    const why = systemClassError(priorityClass);
    if (why !== undefined) {
      const text = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${why}`;
      errors.push(forbiddenField('metadata.name', text));
    }
  } else if (value > valueMax) {
    errors.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${valueMax}`));
  }
  return preemptionPolicy === undefined ? errors : [...errors, ...validateOneOf(preemptionPolicy, preemptionPolicies, 'preemptionPolicy')];
}

/** Source: pkg/apis/scheduling/v1/helpers.go, IsKnownSystemPriorityClass. */
function systemClassError({ metadata: { name = '' }, value = 0, globalDefault = false }: PriorityClass): string | undefined {
  const known = systemPriorityClasses.find(({ metadata }) => metadata.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

export const validatePriorityClassUpdate = (next: PriorityClass, current: PriorityClass): FieldError[] => [
  ...((next.value ?? 0) === (current.value ?? 0) ? [] : [forbiddenField('value', 'may not be changed in an update.')]),
  ...validateImmutable(next.preemptionPolicy, current.preemptionPolicy, 'preemptionPolicy'),
];
