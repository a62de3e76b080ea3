/** Addresses and ranges. Source: apiserver, pkg/cel/library/{ip,cidr}.go; Go's net/netip. */
import { contains, type IpAddress, parseIp, parseIpRange } from '../../kube/ip.ts';
import { type CelValue, Failure } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';
import { OpaqueKind } from './opaque.ts';

interface Range {
  readonly address: IpAddress;
  readonly prefix: number;
}

const isSameAddress = (one: IpAddress, other: IpAddress): boolean => one.bits === other.bits && one.value === other.value;
const addressKind = new OpaqueKind<IpAddress>('net.IP', isSameAddress);
const rangeKind = new OpaqueKind<Range>(
  'net.CIDR',
  (one, other) => one.prefix === other.prefix && isSameAddress(one.address, other.address),
);

const wrapAddress = (address: IpAddress): CelValue => addressKind.wrap(address, address.bits / 8);
const wrapRange = (range: Range): CelValue => rangeKind.wrap(range, Math.ceil(range.prefix / 8));
const rangeText = ({ address, prefix }: Range): string => `${address.text}/${prefix}`;

export function networkText(value: CelValue): string | undefined {
  const range = rangeKind.unwrap(value);
  return range === undefined ? addressKind.unwrap(value)?.text : rangeText(range);
}

function readAddress(text: string): IpAddress | Failure {
  const shown = JSON.stringify(text);
  const zone = text.indexOf('%');
  const address = parseIp(zone === -1 ? text : text.slice(0, zone));
  if (address === undefined || address.hasLeadingZeros) {
    const why = address === undefined ? 'unable to parse IP' : 'IPv4 field has octet with leading zero';
    return new Failure(`IP Address ${shown} parse error during conversion from string: ParseAddr(${shown}): ${why}`);
  }
  if (zone !== -1) return new Failure(`IP address ${shown} with zone value is not allowed`);
  return address.isMapped ? new Failure(`IPv4-mapped IPv6 address ${shown} is not allowed`) : address;
}

function readRange(text: string): Range | Failure {
  const shown = JSON.stringify(text);
  const found = 'network address parse error during conversion from string:';
  const range = parseIpRange(text);
  if (range === undefined || range.hasLeadingZeros) {
    const why = text.includes('/') ? `ParseAddr(${JSON.stringify(text.split('/')[0])}): unable to parse IP` : "no '/'";
    return new Failure(`${found} ${found} netip.ParsePrefix(${shown}): ${why}`);
  }
  return range.address.isMapped ? new Failure(`${found} IPv4-mapped IPv6 address ${shown} is not allowed`) : range;
}

const addressOf = (value: CelValue | undefined): IpAddress | Failure | undefined =>
  typeof value === 'string' ? readAddress(value) : addressKind.unwrap(value);
const rangeOf = (value: CelValue | undefined): Range | Failure | undefined =>
  typeof value === 'string' ? readRange(value) : rangeKind.unwrap(value);

const masked = ({ address, prefix }: Range): IpAddress | undefined =>
  parseIp(parseIpRange(rangeText({ address, prefix }))?.text.split('/')[0] ?? '');

function holds({ address, prefix }: Range, other: IpAddress): boolean {
  const range = parseIpRange(rangeText({ address, prefix }));
  return range !== undefined && contains(range, other);
}

const question =
  (ask: (address: IpAddress) => boolean): CelFunction =>
  ([value]) => {
    const address = addressKind.unwrap(value);
    return address === undefined ? undefined : ask(address);
  };

const inRange = (text: string): ((address: IpAddress) => boolean) => {
  const range = parseIpRange(text);
  return (address) => range !== undefined && contains(range, address);
};

const anyOf =
  (...ranges: readonly string[]): ((address: IpAddress) => boolean) =>
  (address) =>
    ranges.some((range) => inRange(range)(address));

const isLoopback = anyOf('127.0.0.0/8', '::1/128');
const isMulticast = anyOf('224.0.0.0/4', 'ff00::/8');
const isLinkLocalMulticast = (address: IpAddress): boolean =>
  address.bits === 32 ? inRange('224.0.0.0/24')(address) : isMulticast(address) && ((address.value >> 112n) & 0xfn) === 2n;
const isLinkLocal = anyOf('169.254.0.0/16', 'fe80::/10');
const isBroadcast = inRange('255.255.255.255/32');

const isGlobal = (address: IpAddress): boolean =>
  address.value !== 0n && !isBroadcast(address) && !isLoopback(address) && !isMulticast(address) && !isLinkLocal(address);

export const networks: Library = {
  ip: ([value]) => {
    const range = rangeKind.unwrap(value);
    if (range !== undefined) return wrapAddress(range.address);
    const address = typeof value === 'string' ? readAddress(value) : undefined;
    return address === undefined || address instanceof Failure ? address : wrapAddress(address);
  },
  isIP: ([text]) => (typeof text === 'string' ? !(readAddress(text) instanceof Failure) : undefined),
  'ip.isCanonical': ([text]) => {
    if (typeof text !== 'string') return undefined;
    const address = readAddress(text);
    return address instanceof Failure ? address : address.text === text;
  },
  family: ([value]) => {
    const address = addressKind.unwrap(value);
    if (address === undefined) return undefined;
    return address.bits === 32 ? 4n : 6n;
  },
  isUnspecified: question(({ value }) => value === 0n),
  isLoopback: question(isLoopback),
  isLinkLocalMulticast: question(isLinkLocalMulticast),
  isLinkLocalUnicast: question(isLinkLocal),
  isGlobalUnicast: question(isGlobal),
  cidr: ([text]) => {
    const range = typeof text === 'string' ? readRange(text) : undefined;
    return range === undefined || range instanceof Failure ? range : wrapRange(range);
  },
  isCIDR: ([text]) => (typeof text === 'string' ? !(readRange(text) instanceof Failure) : undefined),
  containsIP: ([value, other]) => {
    const [range, address] = [rangeKind.unwrap(value), addressOf(other)];
    if (range === undefined || address === undefined) return undefined;
    return address instanceof Failure ? address : holds(range, address);
  },
  containsCIDR: ([value, other]) => {
    const [range, inner] = [rangeKind.unwrap(value), rangeOf(other)];
    if (range === undefined || inner === undefined) return undefined;
    return inner instanceof Failure ? inner : range.prefix <= inner.prefix && holds(range, inner.address);
  },
  prefixLength: ([value]) => {
    const range = rangeKind.unwrap(value);
    return range === undefined ? undefined : BigInt(range.prefix);
  },
  masked: ([value]) => {
    const range = rangeKind.unwrap(value);
    const address = range === undefined ? undefined : masked(range);
    return range === undefined || address === undefined ? undefined : wrapRange({ address, prefix: range.prefix });
  },
};
