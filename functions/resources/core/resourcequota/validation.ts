/** Source: pkg/apis/core/validation/validation.go, ValidateResourceQuotaSpec. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { ResourceQuota, ResourceQuotaSpec } from '../../../kube/generated/types.ts';
import { canonicalQuantity, compareQuantities } from '../../../kube/quantity.ts';
import { isQuotaResource, validateQuantity, validateResourceName } from '../../quantity-rules.ts';

const podScopes = ['Terminating', 'NotTerminating', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity'];
const scopes = [...podScopes, 'BestEffort', 'VolumeAttributesClass'];
const existsOnly = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const podResources = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const conflicts = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

export const validateResourceQuota = ({ spec }: ResourceQuota): FieldError[] => [
  ...quantityErrors(spec.hard, 'spec.hard'),
  ...scopeErrors(spec),
  ...selectorErrors(spec),
];

function quantityErrors(quantities: Readonly<Record<string, string>> = {}, path: string): FieldError[] {
  return Object.entries(quantities).flatMap(([name, quantity]) => {
    const field = `${path}[${name}]`;
    const errors = validateResourceName(name, field);
    if (!name.includes('/') && !isQuotaResource(name)) errors.push(invalid(field, name, 'must be a standard resource for quota'));
    return [...errors, ...validateQuantity(name, quantity, field)];
  });
}

function isScopeOf(scope: string, resource: string): boolean {
  if (podScopes.includes(scope)) return podResources.includes(resource);
  if (scope === 'BestEffort') return resource === 'pods';
  return scope === 'VolumeAttributesClass' ? ['persistentvolumeclaims', 'requests.storage'].includes(resource) : true;
}

const strangers = (scope: string, { hard = {} }: ResourceQuotaSpec): string[] =>
  Object.keys(hard).filter((resource) => isQuotaResource(resource) && !isScopeOf(scope, resource));

const conflictErrors = (given: readonly string[], spec: ResourceQuotaSpec, field: string): FieldError[] =>
  conflicts
    .filter((pair) => pair.every((scope) => given.includes(scope)))
    .map(() => invalid(field, spec.scopes ?? null, 'conflicting scopes'));

function scopeErrors(spec: ResourceQuotaSpec): FieldError[] {
  const given = spec.scopes ?? [];
  const field = 'spec.scopes';
  const errors = given.flatMap((scope) => [
    ...(scopes.includes(scope) ? [] : [invalid(field, given, 'unsupported scope')]),
    ...strangers(scope, spec).map(() => invalid(field, given, 'unsupported scope applied to resource')),
  ]);
  return [...errors, ...conflictErrors(given, spec, field)];
}

function selectorErrors(spec: ResourceQuotaSpec): FieldError[] {
  const path = 'spec.scopeSelector.matchExpressions';
  const expressions = spec.scopeSelector?.matchExpressions ?? [];
  const errors = expressions.flatMap(({ scopeName, operator, values = [] }) => {
    const found = scopes.includes(scopeName) ? [] : [invalid(`${path}.scopeName`, scopeName, 'unsupported scope')];
    const form = {
      MatchExpressions: expressions.map((one) => ({ ScopeName: one.scopeName, Operator: one.operator, Values: one.values ?? null })),
    };
    found.push(...strangers(scopeName, spec).map(() => invalid(path, form, 'unsupported scope applied to resource')));
    if (existsOnly.includes(scopeName) && operator !== 'Exists') {
      const why =
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      found.push(invalid(`${path}.operator`, operator, why));
    }
    return [...found, ...valueErrors(operator, values, path)];
  });
  return [
    ...errors,
    ...conflictErrors(
      expressions.map(({ scopeName }) => scopeName),
      spec,
      path,
    ),
  ];
}

function valueErrors(operator: string, values: readonly string[], path: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      return values.length === 0 ? [required(`${path}.values`, why)] : [];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      return values.length === 0 ? [] : [invalid(`${path}.values`, values, why)];
    }
    default:
      return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
  }
}

export function validateResourceQuotaUpdate(next: ResourceQuota, current: ResourceQuota): FieldError[] {
  const [after, before] = [new Set(next.spec.scopes), new Set(current.spec.scopes)];
  const isSame = after.size === before.size && [...after].every((scope) => before.has(scope));
  return isSame ? [] : [invalid('spec.scopes', next.spec.scopes ?? null, 'field is immutable')];
}

export const validateResourceQuotaStatusUpdate = ({ status }: ResourceQuota): FieldError[] => [
  ...quantityErrors(status?.hard, 'status.hard'),
  ...quantityErrors(status?.used, 'status.used'),
];

/** Source: pkg/registry/core/resourcequota/strategy.go, WarningsOnCreate. */
export function resourceQuotaWarnings({ spec }: ResourceQuota, current?: ResourceQuota): string[] {
  const { hard = {} } = spec;
  if (current !== undefined) return [];
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((resource) => {
    const names = [`requests.${resource}`, ...(resource === 'cpu' || resource === 'memory' ? [resource] : [])];
    const requestName = names.find((name) => hard[name] !== undefined);
    const [request, limit] = [requestName === undefined ? undefined : hard[requestName], hard[`limits.${resource}`]];
    if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) return [];
    return [
      `ResourceQuota ${requestName} (${canonicalQuantity(request)}) should be less than limits.${resource} (${canonicalQuantity(limit)})`,
    ];
  });
}
