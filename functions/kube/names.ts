/**
 * What may be a name. Each function answers with what is wrong, in upstream's words; an empty list means a good name.
 * Source: apimachinery, pkg/util/validation/validation.go and pkg/api/validate/content/.
 */
import type { Random } from '../world.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${labelKey})?`;
const configKey = '[-._a-zA-Z0-9]+';

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`);
const labelPattern = whole(label);
const subdomainPattern = whole(subdomain);
const label1035Pattern = whole(label1035);
const labelKeyPattern = whole(labelKey);
const labelValuePattern = whole(labelValue);
const configKeyPattern = whole(configKey);

const alphanumeric = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function patternError(message: string, pattern: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

const byteLength = (text: string): number => Buffer.byteLength(text);
const tooManyCharacters = (max: number): string => `must be no more than ${max} characters`;
const tooManyBytes = (max: number): string => `must be no more than ${max} bytes`;

export function dnsSubdomainErrors(name: string): string[] {
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [
    ...(byteLength(name) > 253 ? [tooManyCharacters(253)] : []),
    ...(subdomainPattern.test(name) ? [] : [patternError(message, subdomain, 'example.com')]),
  ];
}

/** The same where the API declares the rule, which counts bytes by their name. */
export const declaredSubdomainErrors = (name: string): string[] =>
  dnsSubdomainErrors(name).map((why) => (why === tooManyCharacters(253) ? tooManyBytes(253) : why));

const wildcard = `\\*\\.${subdomain}`;

/** `*.example.com` */
export function wildcardSubdomainErrors(name: string): string[] {
  const message =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [
    ...(byteLength(name) > 253 ? [tooManyCharacters(253)] : []),
    ...(whole(wildcard).test(name) ? [] : [patternError(message, wildcard, '*.example.com')]),
  ];
}

const underscoredLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const underscoredSubdomain = `${underscoredLabel}(\\.${underscoredLabel})*`;
const underscoredPattern = whole(underscoredSubdomain);

/** As searches of DNS have it: `_tcp.example.com`. */
export function underscoredSubdomainErrors(name: string): string[] {
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  return [
    ...(byteLength(name) > 253 ? [tooManyCharacters(253)] : []),
    ...(underscoredPattern.test(name) ? [] : [patternError(message, underscoredSubdomain, 'example.com')]),
  ];
}

/** Errors of a subdomain in upper or lower case. */
export function caselessSubdomainErrors(name: string): string[] {
  if (subdomainPattern.test(name.toLowerCase())) return [];
  const message =
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [patternError(message, subdomain, 'Example.com')];
}

export function dnsLabelErrors(name: string): string[] {
  const message =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  const errors = byteLength(name) > 63 ? [tooManyCharacters(63)] : [];
  if (labelPattern.test(name)) return errors;
  return [...errors, subdomainPattern.test(name) ? 'must not contain dots' : patternError(message, label, 'my-name', '123-abc')];
}

export function dns1035LabelErrors(name: string): string[] {
  const message =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [
    ...(byteLength(name) > 63 ? [tooManyCharacters(63)] : []),
    ...(label1035Pattern.test(name) ? [] : [patternError(message, label1035, 'my-name', 'abc-123')]),
  ];
}

/** Keys of labels and annotations: a name, with an optional DNS prefix before a slash. */
export function qualifiedNameErrors(key: string): string[] {
  const parts = key.split('/');
  const [prefix, name] = parts.length === 2 ? parts : [undefined, key];
  if (parts.length > 2 || name === undefined) {
    const optional = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return [`a valid label key ${patternError(alphanumeric, labelKey, 'MyName', 'my.name', '123-abc')}${optional}`];
  }
  return [...(prefix === undefined ? [] : prefixErrors(prefix)), ...localNameErrors(name)];
}

function prefixErrors(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  return dnsSubdomainErrors(prefix).map((error) => `prefix part ${error === tooManyCharacters(253) ? tooManyBytes(253) : error}`);
}

function localNameErrors(name: string): string[] {
  const size = name === '' ? ['name part must be non-empty'] : byteLength(name) > 63 ? [`name part ${tooManyBytes(63)}`] : [];
  if (labelKeyPattern.test(name)) return size;
  return [...size, `name part ${patternError(alphanumeric, labelKey, 'MyName', 'my.name', '123-abc')}`];
}

export function labelValueErrors(value: string): string[] {
  const message = `a valid label must be an empty string or ${alphanumeric.replace('must ', '')}`;
  return [
    ...(byteLength(value) > 63 ? [tooManyBytes(63)] : []),
    ...(labelValuePattern.test(value) ? [] : [patternError(message, labelValue, 'MyValue', 'my_value', '12345')]),
  ];
}

export function portNameErrors(name: string): string[] {
  const errors: string[] = [];
  if (byteLength(name) > 15) errors.push(tooManyCharacters(15));
  if (!/^[-a-z0-9]+$/.test(name)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) errors.push('must contain at least one letter (a-z)');
  if (name.includes('--')) errors.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** Names of kinds (roles, for instance) that need only fit into a URL's path. */
export function pathSegmentErrors(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((symbol) => name.includes(symbol)).map((symbol) => `may not contain '${symbol}'`);
}

function directoryErrors(name: string): string[] {
  if (name === '.' || name === '..') return [`must not be '${name}'`];
  return name.startsWith('..') ? ["must not start with '..'"] : [];
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyErrors(key: string): string[] {
  const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  return [
    ...(byteLength(key) > 253 ? [tooManyCharacters(253)] : []),
    ...(configKeyPattern.test(key) ? [] : [patternError(message, configKey, 'key.name', 'KEY_NAME', 'key-name')]),
    ...directoryErrors(key),
  ];
}

/** Names of environment variables: any printable ASCII but `=`. */
export function environmentNameErrors(name: string): string[] {
  if (name === '') return ['environment variable name must be non-empty'];
  const message = "a valid environment variable name must consist only of printable ASCII characters other than '='";
  return /^[\x20-\x3c\x3e-\x7e]*$/.test(name) ? [] : [message];
}

export const portNumberErrors = (port: number): string[] =>
  Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];

/** No vowels, so that chance makes no words. Source: apimachinery, pkg/util/rand/rand.go. */
export const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const randomLength = 5;
const generatedNameMax = 63;

/** `base` and five random characters, never more than 63 in all. */
export function generatedName(base: string, random: Random): string {
  const letters = Array.from({ length: randomLength }, () => safeAlphabet[Math.floor(random.next() * safeAlphabet.length)]);
  // Cut by bytes, as Go does; what is left of a character that was cut through is replaced.
  const start = Buffer.from(base).subarray(0, generatedNameMax - randomLength);
  return start.toString() + letters.join('');
}
