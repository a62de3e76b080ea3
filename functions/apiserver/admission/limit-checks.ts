/** Whether amounts are within one limit. Source: plugin/pkg/admission/limitranger/admission.go. */
import type { LimitRangeItem } from '../../kube/generated/types.ts';
import { canonicalQuantity, compareQuantities, parseQuantity } from '../../kube/quantity.ts';

type Quantities = Readonly<Record<string, string>>;

export interface Amounts {
  readonly requests: Quantities;
  readonly limits: Quantities;
}

const text = (quantity: string | undefined): string => canonicalQuantity(quantity ?? '0');
const isZero = (quantity: string | undefined): boolean => quantity === undefined || parseQuantity(quantity) === 0n;

export const limitErrors = (item: LimitRangeItem, amounts: Amounts): string[] => [
  ...each(item.min, (name, bound) => minError(item.type, name, bound, amounts)),
  ...each(item.max, (name, bound) => maxError(item.type, name, bound, amounts)),
  ...each(item.maxLimitRequestRatio, (name, bound) => ratioError(item.type, name, bound, amounts)),
];

/** Errors of a PersistentVolumeClaim, which has requests and no limits. */
export const requestErrors = (item: LimitRangeItem, requests: Quantities): string[] => [
  ...each(item.min, (name, bound) => minError(item.type, name, bound, { requests, limits: {} })),
  ...each(item.max, (name, bound) => maxRequestError(item.type, name, bound, requests)),
];

function each(bounds: Quantities | undefined, errorOf: (name: string, bound: string) => string | undefined): string[] {
  return Object.entries(bounds ?? {}).flatMap(([name, bound]) => errorOf(name, bound) ?? []);
}

function minError(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const start = `minimum ${name} usage per ${type} is ${text(bound)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return `${start}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${start}, but request is ${text(request)}`;
  return limit !== undefined && compareQuantities(limit, bound) < 0 ? `${start}, but limit is ${text(limit)}` : undefined;
}

function maxError(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const start = `maximum ${name} usage per ${type} is ${text(bound)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return `${start}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${start}, but limit is ${text(limit)}`;
  return request !== undefined && compareQuantities(request, bound) > 0 ? `${start}, but request is ${text(request)}` : undefined;
}

function maxRequestError(type: string, name: string, bound: string, requests: Quantities): string | undefined {
  const start = `maximum ${name} usage per ${type} is ${text(bound)}`;
  const request = requests[name];
  if (request === undefined) return `${start}.  No request is specified`;
  return compareQuantities(request, bound) > 0 ? `${start}, but request is ${text(request)}` : undefined;
}

function ratioError(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const start = `${name} max limit to request ratio per ${type} is ${text(bound)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (isZero(request)) return `${start}, but no request is specified or request is 0`;
  if (isZero(limit)) return `${start}, but no limit is specified or limit is 0`;
  const ratio = Number(parseQuantity(limit ?? '0')) / Number(parseQuantity(request ?? '1'));
  return ratio * 1e9 > Number(parseQuantity(bound)) ? `${start}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
