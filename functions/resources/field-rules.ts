/** Checks of single numbers and names that many fields share. Source: apimachinery, pkg/api/validation/generic.go. */
import { type FieldError, invalid, notSupported, required } from '../kube/field-error.ts';
import { dnsSubdomainErrors, portNameErrors, portNumberErrors } from '../kube/names.ts';

export const validateNonnegative = (value: number | undefined, field: string): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : [];

export const validatePositive = (value: number | undefined, field: string): FieldError[] =>
  value !== undefined && value <= 0 ? [invalid(field, value, 'must be greater than 0')] : [];

/** A port of a container, by number or by name. Source: ValidatePortNumOrName. */
export function validatePortReference(port: number | string | undefined, field: string): FieldError[] {
  const errors = typeof port === 'string' ? portNameErrors(port) : portNumberErrors(port ?? 0);
  return errors.map((why) => invalid(field, port ?? 0, why));
}

/** Required, and one of `supported`. */
export function validateOneOf(value: string | undefined, supported: readonly string[], field: string): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/**
 * What upstream's API declares of a kind stands after what its code finds. An error that both find is given once, as declared.
 * Source: apiserver, pkg/registry/rest/validate.go, ValidateDeclarativelyWithMigrationChecks.
 */
export const withDeclared = (coded: readonly FieldError[], declared: readonly FieldError[]): FieldError[] => [
  ...coded.filter(({ type, field }) => !declared.some((error) => error.type === type && error.field === field)),
  ...declared,
];

/** The index of every value that stood in the list before. */
export function repeatedIndexes(values: readonly string[]): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    const isRepeated = seen.has(value);
    seen.add(value);
    return isRepeated ? [index] : [];
  });
}

const httpPath = `[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+`;
const httpPathPattern = new RegExp(`^${httpPath}$`);

/** A domain and a path: `acme.io/foo`. Source: apimachinery, pkg/util/validation/validation.go, IsDomainPrefixedPath. */
export function validateDomainPrefixedPath(text: string, field: string): FieldError[] {
  if (text === '') return [required(field)];
  const slash = text.indexOf('/');
  const [host, path] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
  if (slash === -1 || host === '' || path === '') {
    return [invalid(field, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = dnsSubdomainErrors(host).map((why) => invalid(field, host, why));
  return httpPathPattern.test(path)
    ? errors
    : [...errors, invalid(field, path, `Invalid path (regex used for validation is '${httpPath}')`)];
}
