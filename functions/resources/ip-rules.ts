/** Source: apimachinery, pkg/util/validation/ip.go. */
import { type FieldError, invalid } from '../kube/field-error.ts';
import { parseIp, parseIpRange } from '../kube/ip.ts';
import { specialIpProblem } from '../kube/special-ip.ts';

/** An address that is not ambiguous; in older fields any spelling of it. */
function ipErrors(text: string): string[] {
  const address = parseIp(text);
  if (address === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  if (address.hasLeadingZeros) return ['must not have leading 0s'];
  return address.isMapped ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

export function canonicalIpErrors(text: string): string[] {
  const errors = ipErrors(text);
  const canonical = parseIp(text)?.text;
  return errors.length > 0 || text === canonical ? errors : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

function rangeErrors(text: string): string[] {
  const range = parseIpRange(text);
  if (range === undefined) return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
  if (range.hasLeadingZeros) return ['must not have leading 0s in IP or prefix length'];
  if (range.address.isMapped) return ['must not have an IPv4-mapped IPv6 address'];
  return range.first === range.address.value ? [] : ['must not have bits set beyond the prefix length'];
}

export function canonicalRangeErrors(text: string): string[] {
  const errors = rangeErrors(text);
  const canonical = parseIpRange(text)?.text;
  return errors.length > 0 || text === canonical ? errors : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** The address of an interface: bits may be set beyond the prefix length. */
export function interfaceAddressErrors(text: string): string[] {
  const range = parseIpRange(text);
  if (range === undefined) return ['must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'];
  const canonical = `${range.address.text}/${range.prefix}`;
  return text === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** An address to which a Service may lead. */
export function validateEndpointIp(text: string, field: string): FieldError[] {
  const why = specialIpProblem(text);
  return why === undefined ? [] : [invalid(field, text, why)];
}

/** What was stored before may stay as it is. */
export const validateIp = (text: string, field: string, stored: readonly string[] = []): FieldError[] =>
  stored.includes(text) ? [] : ipErrors(text).map((why) => invalid(field, text, why));

export const validateRange = (text: string, field: string, stored: readonly string[] = []): FieldError[] =>
  stored.includes(text) ? [] : rangeErrors(text).map((why) => invalid(field, text, why));

/** Warnings about an address in an older field, which takes any spelling. Source: GetWarningsForIP. */
export function ipWarnings(text: string, field: string): string[] {
  const address = parseIp(text);
  if (address === undefined) return [];
  const [value, canonical] = [JSON.stringify(text), JSON.stringify(address.text)];
  if (address.hasLeadingZeros || address.isMapped) return [`${field}: non-standard IP address ${value} is invalid: use ${canonical}`];
  if (address.bits === 32 || address.text === text) return [];
  return [`${field}: IPv6 address ${value} should be in RFC 5952 canonical format (${canonical})`];
}

export function rangeWarnings(text: string, field: string): string[] {
  const range = parseIpRange(text);
  if (range === undefined) return [];
  const warnings: string[] = [];
  const [value, network] = [JSON.stringify(text), JSON.stringify(range.text)];
  if (range.first !== range.address.value) {
    const single = JSON.stringify(`${range.address.text}/${range.address.bits}`);
    warnings.push(`${field}: CIDR value ${value} is ambiguous in this context (should be ${network} or ${single}?)`);
  }
  if (range.hasLeadingZeros || range.address.isMapped) {
    warnings.push(`${field}: non-standard CIDR value ${value} is invalid: use ${network}`);
  }
  if (warnings.length > 0 || range.address.bits === 32 || range.text === text) return warnings;
  return [`${field}: IPv6 CIDR value ${value} should be in RFC 5952 canonical format (${network})`];
}
