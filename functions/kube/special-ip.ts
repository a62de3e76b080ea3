/**
 * Addresses that mean something else on each machine: traffic for a Service must not be led there, since it would reach
 * the node itself or its metadata service. Source: pkg/apis/core/validation/validation.go, ValidateEndpointIP.
 */
import { contains, type IpRange, parseIp, parseIpRange } from './ip.ts';

const ranges: readonly { readonly why: string; readonly of: readonly IpRange[] }[] = [
  { why: 'may not be in the loopback range (127.0.0.0/8, ::1/128)', texts: ['127.0.0.0/8', '::1/128'] },
  { why: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)', texts: ['169.254.0.0/16', 'fe80::/10'] },
  { why: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)', texts: ['224.0.0.0/24', 'ff02::/16'] },
].map(({ why, texts }) => ({ why, of: texts.flatMap((text) => parseIpRange(text) ?? []) }));

/** Where machines find their metadata service, for example. */
export const isLinkLocal = (text: string): boolean => specialIpProblem(text)?.includes('link-local range') === true;

/** Why no traffic may be led to this address; undefined where it may, and for what is no address. */
export function specialIpProblem(text: string): string | undefined {
  const address = parseIp(text);
  if (address === undefined) return undefined;
  if (address.value === 0n) return `may not be unspecified (${text})`;
  // `::ffff:127.0.0.1` is what it maps.
  const meant = address.isMapped ? (parseIp(address.text) ?? address) : address;
  return ranges.find(({ of }) => of.some((range) => contains(range, meant)))?.why;
}
