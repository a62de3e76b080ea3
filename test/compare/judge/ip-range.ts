const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** Whether an IPv4 address lies in `10.96.0.0/12`. */
export function isInRange(address: string, range: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const size = 2 ** (32 - Number(bits));
  const start = Math.floor(numberOf(base) / size) * size;
  return numberOf(address) >= start && numberOf(address) < start + size;
}
