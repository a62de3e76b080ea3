/** Source: pkg/apis/core/validation/validation.go, ValidateLoadBalancerStatus. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { LoadBalancerIngress, Service } from '../../../kube/generated/types.ts';
import { parseIp } from '../../../kube/ip.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateIp } from '../../ip-rules.ts';

const ipModes = ['Proxy', 'VIP'];

export function validateServiceStatusUpdate({ spec, status }: Service, current: Service): FieldError[] {
  const field = 'status.loadBalancer.ingress';
  const entries = status?.loadBalancer?.ingress ?? [];
  if (spec.type !== 'LoadBalancer' && entries.length > 0)
    return [forbiddenField(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  const stored = (current.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip || []);
  return entries.flatMap((entry, index) => [
    ...(entry.ip ? validateIp(entry.ip, `${field}[${index}].ip`, stored) : []),
    ...modeErrors(entry, `${field}[${index}].ipMode`),
    ...hostnameErrors(entry, `${field}[${index}].hostname`),
  ]);
}

function modeErrors({ ip, ipMode }: LoadBalancerIngress, field: string): FieldError[] {
  if (ipMode === undefined) return ip ? [required(field, 'must be specified when `ip` is set')] : [];
  if (!ip) return [forbiddenField(field, 'may not be specified when `ip` is not set')];
  return ipModes.includes(ipMode) ? [] : [notSupported(field, ipMode, ipModes)];
}

function hostnameErrors({ hostname }: LoadBalancerIngress, field: string): FieldError[] {
  if (!hostname) return [];
  const errors = dnsSubdomainErrors(hostname).map((why) => invalid(field, hostname, why));
  return parseIp(hostname) === undefined ? errors : [...errors, invalid(field, hostname, 'must be a DNS name, not an IP address')];
}
