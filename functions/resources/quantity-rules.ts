/** Source: pkg/apis/core/validation/validation.go; pkg/apis/core/helper/helpers.go. */
import { type FieldError, invalid } from '../kube/field-error.ts';
import { qualifiedNameErrors } from '../kube/names.ts';
import { canonicalQuantity, parseQuantity } from '../kube/quantity.ts';

const compute = ['cpu', 'memory', 'ephemeral-storage'] as const;
const counts = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
] as const;
const prefixed = ['requests', 'limits'].flatMap((prefix) => compute.map((name) => `${prefix}.${name}`));

/** The resources that a quota can count. */
const quotaResources: ReadonlySet<string> = new Set([...compute, ...prefixed, 'requests.storage', ...counts]);
const standardResources: ReadonlySet<string> = new Set([...quotaResources, 'storage']);
const integerResources: ReadonlySet<string> = new Set(counts);
const nanoPerMilli = 1_000_000n;

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isQuotaHugePages = (name: string): boolean => isHugePages(name) || name.startsWith('requests.hugepages-');

/** Whether a resource is one of Kubernetes itself. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

export const isExtendedResource = (name: string): boolean => !isNativeResource(name) && extendedResourceErrors(name).length === 0;

/** What is wrong with the name of an extended resource. Source: apimachinery, pkg/api/validate/strfmt.go, ExtendedResourceName. */
export const extendedResourceErrors = (name: string): string[] => [
  ...(name.includes('/') ? [] : ["a name must be a domain-prefixed path, such as 'example.com/my-prop'"]),
  ...(name.includes('kubernetes.io/') ? ['must not have "kubernetes.io/" domain'] : []),
  ...(name.startsWith('requests.') ? ['must not have "requests." prefix'] : []),
  ...qualifiedNameErrors(`requests.${name}`),
];

/** More of it can be promised than there is. */
export const isOvercommitted = (name: string): boolean => isNativeResource(name) && !isHugePages(name);

export const isQuotaResource = (name: string): boolean => quotaResources.has(name) || isQuotaHugePages(name);
const isInteger = (name: string): boolean => integerResources.has(name) || isExtendedResource(name);

export function validateResourceName(name: string, field: string): FieldError[] {
  const errors = qualifiedNameErrors(name).map((why) => invalid(field, name, why));
  if (errors.length > 0 || name.includes('/') || standardResources.has(name) || isQuotaHugePages(name)) return errors;
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

export function validateContainerResourceName(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field);
  if (!name.includes('/')) {
    const isKnown = compute.some((known) => known === name) || isHugePages(name);
    if (!isKnown) errors.push(invalid(field, name, 'must be a standard resource for containers'));
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(field, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

export const validateNonnegativeQuantity = (quantity: string, field: string): FieldError[] =>
  parseQuantity(quantity) < 0n ? [invalid(field, canonicalQuantity(quantity), 'must be greater than or equal to 0')] : [];

export const validatePositiveQuantity = (quantity: string, field: string): FieldError[] =>
  parseQuantity(quantity) <= 0n ? [invalid(field, canonicalQuantity(quantity), 'must be greater than zero')] : [];

export function validateQuantity(name: string, quantity: string, field: string): FieldError[] {
  const errors = validateNonnegativeQuantity(quantity, field);
  const milli = parseQuantity(quantity) / nanoPerMilli;
  if (!isInteger(name) || milli % 1000n === 0n) return errors;
  return [...errors, invalid(field, canonicalQuantity(quantity), 'must be an integer')];
}
