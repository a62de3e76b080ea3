/** Requests and limits. Source: pkg/apis/core/validation/validation.go, ValidateContainerResourceRequirements. */
import { type FieldError, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { ResourceRequirements } from '../../../kube/generated/types.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';
import { canonicalQuantity, compareQuantities, parseQuantity, quantityMilli } from '../../../kube/quantity.ts';

type Quantities = Readonly<Record<string, string>>;

const standard = new Set(['cpu', 'memory', 'ephemeral-storage']);
const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** More of it can be promised than there is. */
const isOvercommitted = (name: string): boolean => standard.has(name);

export function validateResources({ limits = {}, requests = {} }: ResourceRequirements, path: string): FieldError[] {
  const errors = [...quantityErrors(limits, `${path}.limits`)];
  for (const [name, request] of Object.entries(requests)) {
    const found = quantityErrors({ [name]: request }, `${path}.requests`);
    errors.push(...found, ...(found.length > 0 ? [] : limitErrors(name, { request, limit: limits[name] }, path)));
  }
  const needs = Object.keys({ ...limits, ...requests });
  if (needs.some(isHugePages) && !needs.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  }
  return errors;
}

function limitErrors(name: string, { request, limit }: { request: string; limit: string | undefined }, path: string): FieldError[] {
  if (limit === undefined) {
    return isOvercommitted(name) ? [] : [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const [amount, most] = [canonicalQuantity(request), canonicalQuantity(limit)];
  const order = compareQuantities(request, limit);
  if (order !== 0 && !isOvercommitted(name)) return [invalid(`${path}.requests`, amount, `must be equal to ${name} limit of ${most}`)];
  return order > 0 ? [invalid(`${path}.requests`, amount, `must be less than or equal to ${name} limit of ${most}`)] : [];
}

function quantityErrors(quantities: Quantities, path: string): FieldError[] {
  return Object.entries(quantities).flatMap(([name, quantity]) => [
    ...resourceNameErrors(name, path),
    ...(parseQuantity(quantity) < 0n
      ? [invalid(`${path}[${name}]`, canonicalQuantity(quantity), 'must be greater than or equal to 0')]
      : []),
    ...(name.includes('/') && !name.includes('kubernetes.io/') && quantityMilli(quantity) % 1000 !== 0
      ? [invalid(`${path}[${name}]`, canonicalQuantity(quantity), 'must be an integer')]
      : []),
  ]);
}

function resourceNameErrors(name: string, path: string): FieldError[] {
  const errors = qualifiedNameErrors(name).map((why) => invalid(path, name, why));
  if (errors.length > 0 || name.includes('/')) return errors;
  const isKnown = standard.has(name) || isHugePages(name);
  return isKnown ? [] : [invalid(path, name, 'must be a standard resource for containers')];
}
