/** Source: pkg/apis/networking/validation/validation.go, ValidateServiceCIDR. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import type { ServiceCIDR } from '../../../kube/generated/types.ts';
import { parseIpRange } from '../../../kube/ip.ts';
import { canonicalRangeErrors } from '../../ip-rules.ts';

const field = 'spec.cidrs';
const immutable = 'field is immutable';

function rangesErrors({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(field, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(field, internalForm('networking.ServiceCIDRSpec', spec), 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, index) => canonicalRangeErrors(cidr).map((why) => invalid(`${field}[${index}]`, cidr, why)));
  const [first, second] = cidrs.map((cidr) => parseIpRange(cidr)?.address.bits);
  if (first === undefined || first !== second) return errors;
  const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  return [...errors, invalid(field, cidrs, why)];
}

export const validateServiceCIDR = (next: ServiceCIDR, current?: ServiceCIDR): FieldError[] =>
  current === undefined ? rangesErrors(next) : [];

export function validateServiceCIDRUpdate(next: ServiceCIDR, current: ServiceCIDR): FieldError[] {
  const [after, before] = [next.spec?.cidrs ?? [], current.spec?.cidrs ?? []];
  const changed = before.flatMap((cidr, index) =>
    cidr === after[index] ? [] : [invalid(`${field}[${index}]`, after[index] ?? '', immutable)],
  );
  if (after.length === before.length) return changed;
  return before.length === 1 && after.length === 2
    ? [...changed, ...rangesErrors(next)]
    : [invalid(field, next.spec?.cidrs ?? null, immutable)];
}
