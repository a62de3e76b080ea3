/**
 * Quantities (`100m`, `1.5Gi`, `1e3`) as exact integers of a billionth. Nothing finer exists: what is finer is rounded
 * away from zero. Source: apimachinery, pkg/api/resource/quantity.go, amount.go, suffix.go.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

interface Quantity {
  readonly nano: bigint;
  readonly format: QuantityFormat;
  /** Upstream keeps the text of such a quantity, canonical or not: `+5`, `1.250`. */
  readonly keepsText: boolean;
}

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

const nanoPerUnit = 1_000_000_000n;
const nanoPerMilli = 1_000_000n;
const largestBinary = (2n ** 63n - 1n) * nanoPerUnit;
/** No number of this world needs more; the limit keeps `1e999999999` from becoming a huge integer. */
const exponentMax = 1000;

const grammar = /^([+-]?)(\d*)(?:\.(\d*))?((?:[eEinumkKMGTP]+[-+]?\d*|[-+]\d*)?)$/;
/** No amount needs more; the digits become one integer, which takes longer than their length. */
const lengthMax = 1000;
const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const wrongSuffix = "unable to parse quantity's suffix";

const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const suffixes = new Map<string, Suffix>([
  ...decimalSuffixes.map((suffix, index): [string, Suffix] => [suffix, { base: 10, exponent: index * 3 - 9, format: 'DecimalSI' }]),
  ...binarySuffixes.slice(1).map((suffix, index): [string, Suffix] => [suffix, { base: 2, exponent: index * 10 + 10, format: 'BinarySI' }]),
]);

function parseSuffix(text: string): Suffix {
  const known = suffixes.get(text);
  if (known !== undefined) return known;
  const exponent = /^[eE]([+-]?\d+)$/.exec(text)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > exponentMax) throw new Error(wrongSuffix);
  return { base: 10, exponent: Number(exponent), format: 'DecimalExponent' };
}

function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (value % divisor === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function scaledToNano(digits: bigint, decimals: number, { base, exponent }: Suffix): bigint {
  const binary = base === 2 ? digits << BigInt(exponent) : digits;
  const shift = 9 - decimals + (base === 10 ? exponent : 0);
  return shift >= 0 ? binary * 10n ** BigInt(shift) : divideUp(binary, 10n ** BigInt(-shift));
}

function parse(text: string): Quantity {
  const match = text.length > lengthMax ? null : grammar.exec(text);
  if (match === null || text === '') throw new Error(wrongFormat);
  const [, sign = '', whole = '', fraction = '', suffixText = ''] = match;
  const suffix = parseSuffix(suffixText);
  // Upstream reads a number without digits as 0, and BigInt('') agrees.
  const size = scaledToNano(BigInt(whole + fraction), fraction.length, suffix);
  const capped = suffix.format === 'BinarySI' && size > largestBinary ? largestBinary : size;
  const keepsText = isKept(whole.replace(/^0+/, '') || '0', fraction, suffix);
  return { nano: sign === '-' ? -capped : capped, format: suffix.format, keepsText };
}

/** Source: ParseQuantity's fast path, which skips the canonical form when the mantissa looks minimal. */
function isKept(whole: string, fraction: string, { base, exponent }: Suffix): boolean {
  const digits = whole + fraction;
  if (base === 2) return fraction === '' && 14 - whole.length - Math.trunc((exponent * 3) / 10) >= 0 && Number(whole) % 8 !== 0;
  const scale = exponent - fraction.length;
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/** A quantity in billionths. Throws with upstream's message. */
export const parseQuantity = (text: string | number): bigint => parse(String(text).trim()).nano;

/** Go's int64 keeps the low bits. */
const wrapped = (value: bigint): number => Number(BigInt.asIntN(64, value));

/** In thousandths, rounded away from zero: `MilliValue()`. */
export const quantityMilli = (text: string | number): number => wrapped(divideUp(parseQuantity(text), nanoPerMilli));

/** In units, rounded away from zero: `Value()`. */
export const quantityValue = (text: string | number): number => wrapped(divideUp(parseQuantity(text), nanoPerUnit));

export function compareQuantities(a: string | number, b: string | number): -1 | 0 | 1 {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function formatDecimal(nano: bigint, format: QuantityFormat): string {
  let mantissa = nano;
  let exponent = -9;
  while (mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  // Beyond the largest suffix upstream prints none: 1e21 reads `1`.
  return `${mantissa}${decimalSuffixes[exponent / 3 + 3] ?? ''}`;
}

function formatBinary(units: bigint): string {
  let mantissa = units;
  let power = 0;
  while (mantissa % 1024n === 0n && power < binarySuffixes.length - 1) {
    mantissa /= 1024n;
    power += 1;
  }
  return `${mantissa}${binarySuffixes[power] ?? ''}`;
}

/** The canonical text: the largest suffix that leaves an integer. A binary one falls back to decimal below 1024. */
export function formatQuantity(nano: bigint, format: QuantityFormat): string {
  if (nano === 0n) return '0';
  const small = nano > -1024n * nanoPerUnit && nano < 1024n * nanoPerUnit;
  if (format !== 'BinarySI') return formatDecimal(nano, format);
  return small || nano % nanoPerUnit !== 0n ? formatDecimal(nano, 'DecimalSI') : formatBinary(nano / nanoPerUnit);
}

/** Texts that need no work: whole numbers without trailing zeros to fold, with a suffix of one format. */
const plainlyCanonical = /^[1-9]\d{0,2}(?:m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;

/** How upstream prints the quantity after reading it: `1000m` is `1`, `1024Mi` is `1Gi`. */
export function canonicalQuantity(value: string | number): string {
  const text = String(value).trim();
  if (plainlyCanonical.test(text)) return text;
  const { nano, format, keepsText } = parse(text);
  return keepsText ? text : formatQuantity(nano, format);
}

/** In thousandths at the finest. Source: Quantity.RoundUp. */
export function roundedUpToMilli(value: string | number): string {
  const { nano, format } = parse(String(value).trim());
  return nano % nanoPerMilli === 0n ? canonicalQuantity(value) : formatQuantity(divideUp(nano, nanoPerMilli) * nanoPerMilli, format);
}
