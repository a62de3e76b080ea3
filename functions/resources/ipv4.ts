/** Ranges of IPv4 addresses, as numbers. */
export interface Ipv4Range {
  readonly first: number;
  readonly size: number;
  readonly prefix: number;
}

export const ipv4Number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

const ipv4Text = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** Throws for what is not `address/prefix`. */
export function parseIpv4Range(text: string): Ipv4Range {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text);
  const prefix = Number(match?.[2]);
  if (match?.[1] === undefined || prefix > 32) throw new Error(`invalid CIDR address: ${text}`);
  const size = 2 ** (32 - prefix);
  const address = ipv4Number(match[1]);
  return { first: address - (address % size), size, prefix };
}

export const isInRange = ({ first, size }: Ipv4Range, ip: number): boolean => ip >= first && ip < first + size;

/** The address at an offset: 1 is the first that a host may have. */
export const addressAt = (range: Ipv4Range, offset: number): string => ipv4Text(range.first + offset);
