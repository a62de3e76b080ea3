/** Ranges of IPv4 addresses, as numbers. */
export interface Ipv4Range {
  readonly first: number;
  readonly size: number;
  readonly prefix: number;
}

export const ipv4Number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

export const ipv4Text = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** Undefined for what is not `address/prefix`. */
export function readIpv4Range(text: string): Ipv4Range | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text);
  const prefix = Number(match?.[2]);
  if (match?.[1] === undefined || prefix > 32 || match[1].split('.').some((part) => Number(part) > 255)) return undefined;
  const size = 2 ** (32 - prefix);
  const address = ipv4Number(match[1]);
  return { first: address - (address % size), size, prefix };
}

/** Throws for what is not `address/prefix`. */
export function parseIpv4Range(text: string): Ipv4Range {
  const range = readIpv4Range(text);
  if (range === undefined) throw new Error(`invalid CIDR address: ${text}`);
  return range;
}

export const isInRange = ({ first, size }: Ipv4Range, ip: number): boolean => ip >= first && ip < first + size;

/** The address at an offset: 1 is the first that a host may have. */
export const addressAt = (range: Ipv4Range, offset: number): string => ipv4Text(range.first + offset);

/** `10.77.0.0/16` of `10.77.3.1/16`. */
export const networkOf = (cidr: string): string => rangeText(parseIpv4Range(cidr));

/** `10.244.0.0/16`. */
export const rangeText = (range: Ipv4Range): string => `${addressAt(range, 0)}/${range.prefix}`;
