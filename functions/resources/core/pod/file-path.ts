/** Paths inside a volume or below another path. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';

/** Source: validatePathNoBacksteps. */
export const validateNoBacksteps = (path: string, field: string): FieldError[] =>
  path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];

/** Neither absolute, nor out of it. Source: validateLocalDescendingPath. */
export const validateDescendingPath = (path: string, field: string): FieldError[] => [
  ...(path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : []),
  ...validateNoBacksteps(path, field),
];

/** A path inside the volume: neither absolute, nor out of it. Source: validateLocalNonReservedPath. */
export function filePathErrors(path: string | undefined, field: string): FieldError[] {
  if (!path) return [required(field)];
  const errors = validateDescendingPath(path, field);
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(invalid(field, path, "must not start with '..'"));
  return errors;
}
