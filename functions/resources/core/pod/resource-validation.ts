/** Requests and limits. Source: pkg/apis/core/validation/validation.go, validateResourceRequirements. */
import { type FieldError, duplicate, fieldNotFound, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { ResourceRequirements } from '../../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { canonicalQuantity, compareQuantities, parseQuantity } from '../../../kube/quantity.ts';
import { isOvercommitted, validateContainerResourceName, validateQuantity } from '../../quantity-rules.ts';

const hugePages = 'hugepages-';
const isHugePages = (name: string): boolean => name.startsWith(hugePages);

type ValidateName = (name: string, field: string) => FieldError[];

interface Rules {
  /** Names of the pod's claims for devices. */
  readonly claimNames: readonly string[];
  readonly validateName?: ValidateName;
}

export function validateResources(
  { limits = {}, requests = {}, claims = [] }: ResourceRequirements,
  path: string,
  rules: Rules,
): FieldError[] {
  const validateName = rules.validateName ?? validateContainerResourceName;
  const amountErrors = (name: string, amount: string, list: 'limits' | 'requests'): FieldError[] => {
    const field = `${path}.${list}[${name}]`;
    return [...validateName(name, field), ...validateQuantity(name, amount, field)];
  };
  const errors = Object.entries(limits).flatMap(([name, limit]) => [
    ...amountErrors(name, limit, 'limits'),
    ...pageErrors(name, limit, `${path}.limits[${name}]`),
  ]);
  for (const [name, request] of Object.entries(requests)) {
    errors.push(
      ...amountErrors(name, request, 'requests'),
      ...limitErrors(name, { request, limit: limits[name] }, path),
      ...pageErrors(name, request, `${path}.requests[${name}]`),
    );
  }
  const needs = Object.keys({ ...limits, ...requests });
  if (needs.some(isHugePages) && !needs.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  }
  return [...errors, ...claimErrors(claims, rules.claimNames, `${path}.claims`)];
}

/** Pages are whole ones, and at least one. */
function pageErrors(name: string, amount: string, field: string): FieldError[] {
  if (!isHugePages(name)) return [];
  const size = sizeOf(name.slice(hugePages.length));
  const bytes = parseQuantity(amount);
  if (size !== undefined && size > 0n && bytes > 0n && bytes % size === 0n) return [];
  return [invalid(field, canonicalQuantity(amount), `${canonicalQuantity(amount)} is not positive integer multiple of ${name}`)];
}

function sizeOf(text: string): bigint | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
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

type Claims = NonNullable<ResourceRequirements['claims']>;

function claimErrors(claims: Claims, known: readonly string[], path: string): FieldError[] {
  const seen = new Set<string>();
  return claims.flatMap(({ name, request = '' }, index) => {
    const field = `${path}[${index}]`;
    if (!name) return [required(field)];
    const errors = seen.has(name) ? [duplicate(field, name)] : requestErrors({ name, request }, seen, field);
    if (!known.includes(name)) errors.push(unknownClaim(name, known, field));
    return errors;
  });
}

/** A claim as a whole and a part of it overlap. */
function requestErrors({ name, request }: { name: string; request: string }, seen: Set<string>, field: string): FieldError[] {
  const key = request === '' ? name : `${name}/${request}`;
  const errors = request === '' ? [] : dnsLabelErrors(request).map((why) => invalid(`${field}.request`, request, why));
  if (seen.has(key)) errors.push(duplicate(field, key));
  else if (request === '' && [...seen].some((other) => other.startsWith(`${name}/`))) errors.push(duplicate(field, name));
  seen.add(key);
  return errors;
}

function unknownClaim(name: string, known: readonly string[], field: string): FieldError {
  const names = known.length === 0 ? ' which is empty' : `: ${known.toSorted().join(', ')}`;
  const missing = fieldNotFound(field, name);
  return { ...missing, message: `${missing.message}: must be one of the names in pod.spec.resourceClaims${names}` };
}
