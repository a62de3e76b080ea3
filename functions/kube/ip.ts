/**
 * Addresses and ranges of both families as Go's older parser reads them: with leading zeros.
 * Source: k8s.io/utils, net/parse.go (ParseIPSloppy, ParseCIDRSloppy).
 */
import { isIPv6 } from 'node:net';

export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
  /** The address as Go prints it. */
  readonly text: string;
  /** `::ffff:10.0.0.1` */
  readonly isMapped: boolean;
  readonly hasLeadingZeros: boolean;
}

export interface IpRange {
  readonly address: IpAddress;
  readonly prefix: number;
  readonly first: bigint;
  /** The range without what the prefix does not keep: `10.0.0.0/8`. */
  readonly text: string;
  readonly hasLeadingZeros: boolean;
}

const octetMax = 255;
const mappedStart = 0xffffn;

const ipv4Text = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');

function parseIpv4(text: string): IpAddress | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1);
  if (octets.some((octet) => Number(octet) > octetMax)) return undefined;
  const value = octets.reduce((sum, octet) => (sum << 8n) + BigInt(octet), 0n);
  return { bits: 32, value, text: ipv4Text(value), isMapped: false, hasLeadingZeros: octets.some((octet) => /^0\d/.test(octet)) };
}

const canonicalIpv6 = (text: string): string => new URL(`http://[${text}]/`).hostname.slice(1, -1);

function ipv6Value(canonical: string): bigint {
  const [head = '', tail = ''] = canonical.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

const ipv6Text = (value: bigint): string =>
  canonicalIpv6(Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16)).join(':'));

export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const canonical = canonicalIpv6(text);
  const value = ipv6Value(canonical);
  const isMapped = value >> 32n === mappedStart;
  return { bits: 128, value, text: isMapped ? ipv4Text(value & 0xffffffffn) : canonical, isMapped, hasLeadingZeros: false };
}

export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? undefined : parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  const prefix = Number(length);
  if (address === undefined || !/^\d+$/.test(length) || prefix > address.bits) return undefined;
  const rest = BigInt(address.bits - prefix);
  const first = (address.value >> rest) << rest;
  const shown = address.bits === 32 ? ipv4Text(first) : ipv6Text(first);
  const hasLeadingZeros = address.hasLeadingZeros || /^0\d/.test(length);
  return { address, prefix, first, text: `${shown}/${prefix}`, hasLeadingZeros };
}

export function contains(range: IpRange, { bits, value }: IpAddress): boolean {
  const rest = BigInt(range.address.bits - range.prefix);
  return bits === range.address.bits && value >> rest === range.first >> rest;
}
