/** Source: pkg/apis/batch/validation/validation.go, validatePodFailurePolicy. */
import { duplicate, type FieldError, invalid, invalidWithoutValue, notSupported, required, tooMany } from '../../../kube/field-error.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '../../../kube/generated/types.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes } from '../../field-rules.ts';

const rulesMax = 20;
const patternsMax = 20;
const valuesMax = 255;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

/** As Go prints a list of texts. */
const listText = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;

function validateChoice(value: string, supported: readonly string[], field: string): FieldError[] {
  if (!value) return [required(field, `valid values: ${listText(supported)}`)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function validateFailurePolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const { containers, initContainers = [] } = spec.template.spec;
  const names = new Set([...(containers ?? []), ...initContainers].map(({ name }) => name));
  return [
    ...(rules.length > rulesMax ? [tooMany(`${path}.rules`, rules.length, rulesMax)] : []),
    ...rules.flatMap((rule, index) => ruleErrors(rule, `${path}.rules[${index}]`, { names, spec })),
  ];
}

interface Surroundings {
  readonly names: ReadonlySet<string>;
  readonly spec: JobSpec;
}

function ruleErrors(
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  path: string,
  { names, spec }: Surroundings,
): FieldError[] {
  const isIndexMissing = action === 'FailIndex' && spec.backoffLimitPerIndex === undefined;
  const errors = isIndexMissing
    ? [invalid(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set')]
    : validateChoice(action, actions, `${path}.action`);
  if (onExitCodes !== undefined) errors.push(...exitCodeErrors(onExitCodes, `${path}.onExitCodes`, names));
  errors.push(...conditionErrors(onPodConditions, `${path}.onPodConditions`));
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    errors.push(invalidWithoutValue(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    errors.push(invalidWithoutValue(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

function conditionErrors(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): FieldError[] {
  return [
    ...(patterns.length > patternsMax ? [tooMany(path, patterns.length, patternsMax)] : []),
    ...patterns.flatMap(({ type, status = '' }, index) => [
      ...qualifiedNameErrors(type).map((why) => invalid(`${path}[${index}].type`, type, why)),
      ...validateChoice(status, statuses, `${path}[${index}].status`),
    ]),
  ];
}

function exitCodeErrors(requirement: PodFailurePolicyOnExitCodesRequirement, path: string, names: ReadonlySet<string>): FieldError[] {
  const { operator, containerName } = requirement;
  const values = requirement.values ?? [];
  const errors = validateChoice(operator, operators, `${path}.operator`);
  if (containerName !== undefined && !names.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${path}.containerName`, containerName, why));
  }
  if (values.length === 0) errors.push(invalid(`${path}.values`, requirement.values ?? null, 'at least one value is required'));
  if (values.length > valuesMax) errors.push(tooMany(`${path}.values`, values.length, valuesMax));
  const repeated = new Set(repeatedIndexes(values.map(String)));
  values.forEach((value, index) => {
    if (operator === 'In' && value === 0) errors.push(invalid(`${path}.values[${index}]`, value, 'must not be 0 for the In operator'));
    if (repeated.has(index)) errors.push(duplicate(`${path}.values[${index}]`, value));
  });
  const isOrdered = values.every((value, index) => index === 0 || (values[index - 1] ?? value) <= value);
  return isOrdered ? errors : [...errors, invalid(`${path}.values`, values, 'must be ordered')];
}
