/** Source: pkg/apis/core/validation/validation.go, ValidateLimitRange. */
import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { LimitRange, LimitRangeItem } from '../../../kube/generated/types.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';
import { canonicalQuantity, compareQuantities, parseQuantity, quantityMilli } from '../../../kube/quantity.ts';
import { repeatedIndexes } from '../../field-rules.ts';
import { isOvercommitted, validateContainerResourceName, validateResourceName } from '../../quantity-rules.ts';

const types = ['Pod', 'Container', 'PersistentVolumeClaim'];
const one = '1';

export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const limits = spec.limits ?? [];
  const repeated = new Set(repeatedIndexes(limits.map(({ type }) => type)));
  return limits.flatMap((item, index) => {
    const path = `spec.limits[${index}]`;
    return [
      ...typeErrors(item.type, `${path}.type`),
      ...(repeated.has(index) ? [duplicate(`${path}.type`, item.type)] : []),
      ...itemErrors(item, path),
    ];
  });
}

function typeErrors(type: string, field: string): FieldError[] {
  const errors = qualifiedNameErrors(type).map((why) => invalid(field, type, why));
  if (errors.length > 0 || type.includes('/') || types.includes(type)) return errors;
  return [invalid(field, type, 'must be a standard limit type or fully qualified')];
}

type List = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';

function itemErrors(item: LimitRangeItem, path: string): FieldError[] {
  const isOfPod = item.type === 'Pod';
  const validateName = isOfPod || item.type === 'Container' ? validateContainerResourceName : validateResourceName;
  const names = (list: List): FieldError[] =>
    Object.keys(item[list] ?? {}).flatMap((name) => validateName(name, `${path}.${list}[${name}]`));
  const defaults = (['default', 'defaultRequest'] as const).flatMap((list) => {
    if (!isOfPod) return names(list);
    return Object.keys(item[list] ?? {}).length > 0 ? [forbiddenField(`${path}.${list}`, "may not be specified when `type` is 'Pod'")] : [];
  });
  const hasStorage = item.min?.['storage'] !== undefined || item.max?.['storage'] !== undefined;
  const storage =
    item.type === 'PersistentVolumeClaim' && !hasStorage
      ? [required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided')]
      : [];
  const checked = isOfPod ? { ...item, default: undefined, defaultRequest: undefined } : item;
  const resources = new Set(
    (['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const).flatMap((list) => Object.keys(checked[list] ?? {})),
  );
  return [
    ...names('max'),
    ...names('min'),
    ...defaults,
    ...storage,
    ...names('maxLimitRequestRatio'),
    ...[...resources].flatMap((resource) => resourceErrors(checked, resource, path)),
  ];
}

const isAbove = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
const text = (quantity: string | undefined): string => canonicalQuantity(quantity ?? '0');

function resourceErrors(
  item: Omit<LimitRangeItem, 'default' | 'defaultRequest'> & {
    default?: Record<string, string> | undefined;
    defaultRequest?: Record<string, string> | undefined;
  },
  resource: string,
  path: string,
): FieldError[] {
  const [min, max, limit, request, ratio] = [item.min, item.max, item.default, item.defaultRequest, item.maxLimitRequestRatio].map(
    (list) => list?.[resource],
  );
  const errors: FieldError[] = [];
  const refuse = (list: string, value: string | undefined, why: string): void => {
    errors.push(invalid(`${path}.${list}[${resource}]`, text(value), why));
  };
  if (isAbove(min, max)) refuse('min', min, `min value ${text(min)} is greater than max value ${text(max)}`);
  if (isAbove(min, request))
    refuse('defaultRequest', request, `min value ${text(min)} is greater than default request value ${text(request)}`);
  if (isAbove(request, max))
    refuse('defaultRequest', request, `default request value ${text(request)} is greater than max value ${text(max)}`);
  if (isAbove(request, limit)) {
    refuse('defaultRequest', request, `default request value ${text(request)} is greater than default limit value ${text(limit)}`);
  }
  if (isAbove(min, limit)) refuse('default', min, `min value ${text(min)} is greater than default value ${text(limit)}`);
  if (isAbove(limit, max)) refuse('default', max, `default value ${text(limit)} is greater than max value ${text(max)}`);
  if (isAbove(one, ratio)) refuse('maxLimitRequestRatio', ratio, `ratio ${text(ratio)} is less than 1`);
  if (ratio !== undefined && min !== undefined && max !== undefined && parseQuantity(min) > 0n) {
    const most = quantityMilli(max) / quantityMilli(min);
    if (quantityMilli(ratio) / 1000 > most) {
      refuse('maxLimitRequestRatio', ratio, `ratio ${text(ratio)} is greater than max/min = ${most.toFixed(6)}`);
    }
  }
  if (!isOvercommitted(resource) && limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0) {
    refuse('defaultRequest', request, `default value ${text(limit)} must equal to defaultRequest value ${text(request)} in ${resource}`);
  }
  return errors;
}
