import { type FieldError, invalid, required } from '../../../kube/field-error.ts';

/** A path inside the volume: neither absolute, nor out of it. Source: validateLocalNonReservedPath. */
export function filePathErrors(path: string | undefined, field: string): FieldError[] {
  if (!path) return [required(field)];
  const errors: FieldError[] = [];
  if (path.startsWith('/')) errors.push(invalid(field, path, 'must be a relative path'));
  if (path.split('/').includes('..')) errors.push(invalid(field, path, "must not contain '..'"));
  else if (path.startsWith('..')) errors.push(invalid(field, path, "must not start with '..'"));
  return errors;
}
