/** Which requests a webhook or policy is about. Source: pkg/apis/admissionregistration/validation/validation.go. */
import { duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../kube/field-error.ts';
import type { MatchCondition, MatchResources, NamedRuleWithOperations, RuleWithOperations } from '../../kube/generated/types.ts';
import { pathSegmentErrors, qualifiedNameErrors } from '../../kube/names.ts';
import { repeatedIndexes } from '../field-rules.ts';
import { validateLabelSelector } from '../label-selector-validation.ts';
import { conditionExpressionErrors } from './policy-expression-errors.ts';

const operationNames = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];
const matchPolicies = ['Equivalent', 'Exact'];
const conditionsMax = 64;

const isMixed = (values: readonly string[]): boolean => values.length > 1 && values.includes('*');
const emptyErrors = (values: readonly string[], field: string): FieldError[] =>
  values.flatMap((value, index) => (value === '' ? [required(`${field}[${index}]`)] : []));

export function validateRule(rule: RuleWithOperations, path: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const errors: FieldError[] = [];
  const check = (values: readonly string[], field: string, others: string): void => {
    if (values.length === 0) errors.push(required(`${path}.${field}`));
    if (isMixed(values)) errors.push(invalid(`${path}.${field}`, values, `if '*' is present, must not specify other ${others}`));
  };
  check(operations, 'operations', 'operations');
  operations.forEach((operation, index) => {
    if (!operationNames.includes(operation)) errors.push(notSupported(`${path}.operations[${index}]`, operation, operationNames));
  });
  check(apiGroups, 'apiGroups', 'API groups');
  check(apiVersions, 'apiVersions', 'API versions');
  errors.push(...emptyErrors(apiVersions, `${path}.apiVersions`), ...resourceErrors(resources, `${path}.resources`));
  if (scope !== undefined && !scopes.includes(scope)) errors.push(notSupported(`${path}.scope`, scope, scopes));
  return errors;
}

function resourceErrors(resources: readonly string[], field: string): FieldError[] {
  if (resources.length === 0) return [required(field)];
  const [wholes, subs] = [new Set<string>(), new Set<string>()];
  const errors = resources.flatMap((resource, index) => {
    const at = `${field}[${index}]`;
    if (resource === '') return [required(at)];
    const slash = resource.indexOf('/');
    if (slash === -1) return [];
    const [name, sub] = [resource.slice(0, slash), resource.slice(slash + 1)];
    const found = [
      ...(wholes.has(name) ? [invalid(at, resource, `if '${name}/*' is present, must not specify ${resource}`)] : []),
      ...(subs.has(sub) ? [invalid(at, resource, `if '*/${sub}' is present, must not specify ${resource}`)] : []),
    ];
    if (sub === '*') wholes.add(name);
    if (name === '*') subs.add(sub);
    return found;
  });
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"));
  }
  // Upstream remembers only the last resource that has no subresource.
  const last = resources.findLast((resource) => resource !== '' && !resource.includes('/'));
  if (resources.includes('*') && last !== undefined && last !== '*') {
    errors.push(invalid(field, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return errors;
}

function namedRuleErrors(rule: NamedRuleWithOperations, path: string): FieldError[] {
  const names = rule.resourceNames ?? [];
  const repeated = new Set(repeatedIndexes(names));
  const errors = names.flatMap((name, index) => {
    const field = `${path}.resourceNames[${index}]`;
    return [...pathSegmentErrors(name).map((why) => invalid(field, name, why)), ...(repeated.has(index) ? [duplicate(field, name)] : [])];
  });
  return [...errors, ...validateRule(rule, path)];
}

export function validateMatchPolicy(policy: string | undefined, field: string): FieldError[] {
  return policy === undefined || matchPolicies.includes(policy) ? [] : [notSupported(field, policy, matchPolicies)];
}

export function validateMatchResources(match: MatchResources, path: string): FieldError[] {
  const { matchPolicy, namespaceSelector = {}, objectSelector = {}, resourceRules = [], excludeResourceRules = [] } = match;
  return [
    ...validateMatchPolicy(matchPolicy, `${path}.matchPolicy`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(objectSelector, `${path}.objectSelector`),
    ...resourceRules.flatMap((rule, index) => namedRuleErrors(rule, `${path}.resourceRules[${index}]`)),
    ...excludeResourceRules.flatMap((rule, index) => namedRuleErrors(rule, `${path}.excludeResourceRules[${index}]`)),
  ];
}

export function validateMatchConditions(conditions: readonly MatchCondition[], path: string, hasParams = false): FieldError[] {
  const repeated = new Set(repeatedIndexes(conditions.map(({ name }) => name ?? '')));
  const errors = conditions.length > conditionsMax ? [tooMany(path, conditions.length, conditionsMax)] : [];
  return [
    ...errors,
    ...conditions.flatMap((condition, index) => {
      const { name, expression = '' } = condition;
      const field = `${path}[${index}]`;
      const wrong = expression.trim() === '' ? [required(`${field}.expression`)] : conditionExpressionErrors(condition, field, hasParams);
      if (!name) return [...wrong, required(`${field}.name`)];
      return [
        ...wrong,
        ...qualifiedNameErrors(name).map((why) => invalid(`${field}.name`, name, why)),
        ...(repeated.has(index) ? [duplicate(`${field}.name`, name)] : []),
      ];
    }),
  ];
}
