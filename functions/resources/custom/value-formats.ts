/**
 * The formats of texts and numbers that upstream checks; others are remarks.
 * Source: apiextensions-apiserver, pkg/apiserver/validation/formats.go; kube-openapi, pkg/validation/strfmt.
 */
import { matchesPattern } from '../../kube/patterns.ts';
import { parseIp, parseIpRange } from '../../kube/ip.ts';
import type { SchemaNode } from '../../kube/schema.ts';

type Check = (text: string) => boolean;

const matching =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text);

const monthsMax = 12;

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const daysMax = new Date(Date.UTC(2000, month, 0)).getUTCDate();
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month >= 1 && month <= monthsMax && day >= 1 && day <= (month === 2 && !isLeap ? 28 : daysMax);
}

/** Seconds beyond 59 are refused; whatever stands before a fraction is taken. */
function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t');
  const match = /^(\d\d):(\d\d):(\d\d)(.\d+)?(z|[+-]\d\d:\d\d)$/.exec(time ?? '');
  if (match === null || !isDate(date)) return false;
  const [, hour = '', minute = '', second = ''] = match;
  return hour <= '23' && minute <= '59' && second <= '59';
}

const goDuration = /^[+-]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/;
/** The last name of each unit stands for all that begin with it. */
const units: readonly (readonly string[])[] = [
  ['ns', 'nano'],
  ['us', 'µs', 'micro'],
  ['ms', 'milli'],
  ['s', 'sec'],
  ['m', 'min'],
  ['h', 'hr', 'hour'],
  ['d', 'day'],
  ['w', 'wk', 'week'],
];

function isDuration(text: string): boolean {
  if (text === '0' || text === '+0' || text === '-0' || goDuration.test(text)) return true;
  // Every number matches, with a unit or without: nothing is read twice.
  return [...text.matchAll(/\d+\s*([A-Za-zµ]*)/g)].some(([, unit = '']) => {
    const name = unit.toLowerCase();
    return (
      name !== '' && units.some((names) => names.some((one, index) => one === name || (index === names.length - 1 && name.startsWith(one))))
    );
  });
}

const hostname =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.))+([a-zA-Z\p{L}]){2,63})$/u;
const hostBytesMax = 255;
const labelBytesMax = 63;

const isHostname: Check = (text) =>
  Buffer.byteLength(text) <= hostBytesMax &&
  hostname.test(text) &&
  text.split('.').every((label) => Buffer.byteLength(label) <= labelBytesMax);

const address = String.raw`[A-Za-z0-9!#$%&'*+/=?^_\`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_\`{|}~-]+)*@([A-Za-z0-9!#$%&'*+/=?^_\`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_\`{|}~-]+)*|\[[^\]\\]*\])`;
const email = String.raw`^\s*(${address}|("[^"\\]*"|[^<>@,;:\\".\[\]()]*)\s*<${address}>)\s*$`;

const digitsOf = (text: string): number[] => Array.from(text, Number);

function isCreditCard(text: string): boolean {
  const digits = text.replaceAll(/[^0-9]+/g, '');
  const issuer =
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;
  const sum = digitsOf(digits)
    .toReversed()
    .reduce((total, digit, index) => total + (index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return issuer.test(digits) && sum % 10 === 0;
}

const bare = (text: string): string => text.replaceAll(/[\s-]+/g, '');

function isIsbn10(text: string): boolean {
  if (!/^(?:\d{9}X|\d{10})$/.test(bare(text))) return false;
  const sum = Array.from(bare(text)).reduce(
    (total, character, index) => total + (index + 1) * (character === 'X' ? 10 : Number(character)),
    0,
  );
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  if (!/^\d{13}$/.test(bare(text))) return false;
  const digits = digitsOf(bare(text));
  const sum = digits.slice(0, -1).reduce((total, digit, index) => total + (index % 2 === 0 ? 1 : 3) * digit, 0);
  return digits.at(-1) === (10 - (sum % 10)) % 10;
}

/** As Go's parser of a URI in a request: absolute, or a path. */
function isRequestUri(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) return false;
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)/.exec(text);
  if (match === null || (match[1] === undefined && !text.startsWith('/'))) return false;
  const [, , authority, path = ''] = match;
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return false;
  const host = authority?.replace(/^.*@/, '') ?? '';
  const port = /^(?:\[[^\]]*\]|[^:]*)(:.*)?$/.exec(host);
  return !/[ <>"]/.test(host) && port !== null && /^(:\d*)?$/.test(port[1] ?? '');
}

const rgbPart = String.raw`\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*`;
const uuidOf = (version: string, variant: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i');
const anyDigit = '[0-9a-f]';
const shortName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const shortNameMax = 63;
const longNameMax = 253;

const isIp =
  (separator: string): Check =>
  (text) => {
    const found = parseIp(text);
    return found !== undefined && !found.hasLeadingZeros && text.includes(separator);
  };

/** The checks of formats, by their names without dashes. */
const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['bsonobjectid', matching(/^[0-9a-f]{24}$/i)],
  ['uri', isRequestUri],
  ['email', (text) => matchesPattern(email, text)],
  ['hostname', isHostname],
  ['ipv4', isIp('.')],
  ['ipv6', isIp(':')],
  [
    'cidr',
    (text) => {
      const found = parseIpRange(text);
      return found !== undefined && !found.hasLeadingZeros;
    },
  ],
  [
    'mac',
    matching(
      /^[0-9a-f]{2}(([:-])[0-9a-f]{2})(\2[0-9a-f]{2}){4}((\2[0-9a-f]{2}){2}|(\2[0-9a-f]{2}){14})?$|^[0-9a-f]{4}(\.[0-9a-f]{4}){2}((\.[0-9a-f]{4})|(\.[0-9a-f]{4}){7})?$/i,
    ),
  ],
  ['uuid', matching(uuidOf(anyDigit, anyDigit))],
  ['uuid3', matching(uuidOf('3', anyDigit))],
  ['uuid4', matching(uuidOf('4', '[89ab]'))],
  ['uuid5', matching(uuidOf('5', '[89ab]'))],
  ['isbn', (text) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCreditCard],
  ['ssn', (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text)],
  ['hexcolor', matching(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ['rgbcolor', matching(new RegExp(`^rgb\\(${rgbPart},${rgbPart},${rgbPart}\\)$`))],
  ['byte', matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/)],
  ['password', () => true],
  ['date', isDate],
  ['duration', isDuration],
  ['datetime', isDateTime],
  ['k8sshortname', (text) => text.length <= shortNameMax && shortName.test(text)],
  ['k8slongname', (text) => text.length <= longNameMax && text.split('.').every((part) => shortName.test(part))],
]);

const normalized = (format: string): string => format.replaceAll('-', '');

/** The format of a place, where it is one that its type knows; '' otherwise. */
export function knownFormat({ type = '', format = '', ...node }: SchemaNode): string {
  if (format === '' || node['x-kubernetes-int-or-string'] === true) return '';
  switch (type) {
    case '':
    case 'string':
      return checks.has(normalized(format)) ? format : '';
    case 'integer':
      return format === 'int32' || format === 'int64' ? format : '';
    case 'number':
      return format === 'float' || format === 'double' ? format : '';
    default:
      return '';
  }
}

export const hasFormat = (format: string, text: string): boolean => checks.get(normalized(format))?.(text) ?? true;
