/** Names and values that the kinds of devices share. Source: pkg/apis/resource/validation/validation.go. */
import { duplicate, type FieldError, invalid, notSupported, required, tooLong, tooMany } from '../../kube/field-error.ts';
import type { DeviceTaint, DeviceToleration, OpaqueDeviceConfiguration } from '../../kube/generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors } from '../../kube/names.ts';
import { validateDriverName } from '../storage/class-validation.ts';

const idMax = 32;
const poolNameMax = 253;
const parametersMax = 10 * 1024;

type NameRule = (name: string) => readonly string[];

export const named = (name: string, field: string, rule: NameRule): FieldError[] => rule(name).map((why) => invalid(field, name, why));

export const validateDnsLabel = (name: string, field: string): FieldError[] => named(name, field, dnsLabelErrors);

export function validatePoolName(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)];
  const long = name.length > poolNameMax ? [tooLong(field, poolNameMax)] : [];
  return [...long, ...name.split('/').flatMap((part) => named(part, field, dnsSubdomainErrors))];
}

const identifierPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const identifierProblem =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";

function identifierErrors(id: string, field: string): FieldError[] {
  return [
    ...(id.length > idMax ? [tooLong(field, idMax)] : []),
    ...(identifierPattern.test(id) ? [] : [invalid(field, id, identifierProblem)]),
  ];
}

/** The name of an attribute or a capacity, with or without its domain. */
export function validateQualifiedName(name: string, field: string): FieldError[] {
  const [domain = '', id, ...more] = name.split('/');
  if (id === undefined) return identifierErrors(domain, field);
  if (more.length > 0) return [];
  return [
    ...(domain === '' ? [invalid(field, '', 'the domain must not be empty')] : validateDriverName(domain, field)),
    ...(id === '' ? [invalid(field, '', 'the name must not be empty')] : identifierErrors(id, field)),
  ];
}

export function validateFullName(name: string, field: string): FieldError[] {
  const errors = validateQualifiedName(name, field);
  if (name.includes('/')) return errors;
  return [...errors, invalid(field, name, 'a fully qualified name must be a domain and a name separated by a slash')];
}

export const effects = ['NoExecute', 'NoSchedule', 'None'] as const;

export function effectErrors(effect: string, field: string): FieldError[] {
  return effects.some((known) => known === effect) ? [] : [notSupported(field, effect, effects)];
}

export function validateTaint({ key, value = '', effect }: DeviceTaint, path: string, currentEffect?: string): FieldError[] {
  const errors = named(key, `${path}.key`, qualifiedNameErrors);
  if (value !== '') errors.push(...named(value, `${path}.value`, labelValueErrors));
  if (currentEffect === effect) return errors;
  return [...errors, ...(effect === '' ? [required(`${path}.effect`)] : effectErrors(effect, `${path}.effect`))];
}

export function validateToleration({ key = '', operator = '', value = '', effect = '' }: DeviceToleration, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const declared = key === '' ? [] : named(key, `${path}.key`, qualifiedNameErrors);
  if (operator === 'Exists' && value !== '') errors.push(invalid(`${path}.value`, value, 'must be empty for operator `Exists`'));
  if (operator === 'Equal') errors.push(...named(value, `${path}.value`, labelValueErrors));
  if (operator === '') declared.push(required(`${path}.operator`));
  else if (operator !== 'Exists' && operator !== 'Equal') {
    declared.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']));
  }
  if (effect !== '') declared.push(...effectErrors(effect, `${path}.effect`));
  return [...errors, ...declared];
}

export function validateOpaque(opaque: OpaqueDeviceConfiguration | undefined, path: string): FieldError[] {
  if (opaque === undefined) return [required(path)];
  return [...rawErrors(opaque.parameters, `${path}.parameters`), ...validateDriverName(opaque.driver, `${path}.driver`, true)];
}

/** Free JSON that has to be an object. */
export function rawErrors(raw: unknown, field: string): FieldError[] {
  if (raw === undefined || raw === null) return [required(field)];
  if (JSON.stringify(raw).length > parametersMax) return [tooLong(field, parametersMax)];
  if (typeof raw === 'object' && !Array.isArray(raw)) return [];
  return [invalid(field, '<value omitted>', 'must be a valid JSON object')];
}

/** Too many are not checked one by one. */
export function validateItems<T>(
  items: readonly T[],
  max: number,
  field: string,
  errorsOf: (item: T, field: string) => readonly FieldError[],
): FieldError[] {
  if (items.length > max) return [tooMany(field, items.length, max)];
  return items.flatMap((item, index) => errorsOf(item, `${field}[${index}]`));
}

const conditionsMax = 4;

/** What a device waits for once it is given to a pod. Source: validateDeviceBindingParameters. */
export function validateBindingConditions(holder: BindingConditions, path: string): FieldError[] {
  const { bindingConditions: waits = [], bindingFailureConditions: failures = [] } = holder;
  const [waitsPath, failuresPath] = [`${path}.bindingConditions`, `${path}.bindingFailureConditions`];
  const namesOf = (conditions: readonly string[], field: string): FieldError[] =>
    validateItems(conditions, conditionsMax, field, (condition, at) => named(condition, at, qualifiedNameErrors));
  const repeated = (conditions: readonly string[], index: number): boolean => conditions.indexOf(conditions[index] ?? '') < index;
  const because = (of: string, uses: string): string => `${of} are required to use ${uses}`;
  return [
    ...namesOf(waits, waitsPath),
    ...namesOf(failures, failuresPath),
    ...waits.flatMap((condition, index) => (repeated(waits, index) ? [duplicate(`${waitsPath}[${index}]`, condition)] : [])),
    ...failures.flatMap((condition, index) => [
      ...(repeated(failures, index) ? [duplicate(`${failuresPath}[${index}]`, condition)] : []),
      ...(waits.includes(condition)
        ? [invalid(`${failuresPath}[${index}]`, condition, 'bindingFailureConditions must not overlap with bindingConditions')]
        : []),
    ]),
    ...(waits.length === 0 && failures.length > 0
      ? [invalid(waitsPath, null, because('bindingConditions', 'bindingFailureConditions'))]
      : []),
    ...(failures.length === 0 && waits.length > 0
      ? [invalid(failuresPath, null, because('bindingFailureConditions', 'bindingConditions'))]
      : []),
  ];
}

interface BindingConditions {
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
}
