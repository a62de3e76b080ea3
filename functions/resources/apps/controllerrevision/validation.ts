/** Source: pkg/apis/apps/validation/validation.go, ValidateControllerRevisionCreate. */
import { type FieldError, required } from '../../../kube/field-error.ts';
import type { ControllerRevision } from '../../../kube/generated/types.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { validateImmutable } from '../../metadata-validation.ts';

export function validateControllerRevision({ revision, data }: ControllerRevision, current?: ControllerRevision): FieldError[] {
  const errors = validateNonnegative(revision, 'revision');
  if (current !== undefined) return errors;
  const value: unknown = data;
  if (value === undefined || value === null) return [...errors, required('data', 'data is mandatory')];
  return typeof value === 'object' && !Array.isArray(value) ? errors : [...errors, required('data', 'data must be a valid JSON object')];
}

export const validateControllerRevisionUpdate = (next: ControllerRevision, current: ControllerRevision): FieldError[] =>
  validateImmutable(next.data, current.data, 'data');
