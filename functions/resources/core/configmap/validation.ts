/** Source: pkg/apis/core/validation/validation.go, ValidateConfigMap and ValidateConfigMapUpdate. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, tooLong } from '../../../kube/field-error.ts';
import type { ConfigMap } from '../../../kube/generated/types.ts';
import { configKeyErrors } from '../../../kube/names.ts';

const bytesMax = 1024 * 1024;

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...configKeyErrors(key).map((why) => invalid(`data[${key}]`, key, why)));
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...configKeyErrors(key).map((why) => invalid(`binaryData[${key}]`, key, why)));
    bytes += Buffer.byteLength(value, 'base64');
  }
  return bytes > bytesMax ? [...errors, tooLong('[]', bytesMax)] : errors;
}

export function validateConfigMapUpdate(next: ConfigMap, current: ConfigMap): FieldError[] {
  if (current.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (next.immutable !== true) errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  for (const field of ['data', 'binaryData'] as const) {
    const isSame = semanticallyEqual(next[field] ?? {}, current[field] ?? {});
    if (!isSame) errors.push(forbiddenField(field, 'field is immutable when `immutable` is set'));
  }
  return errors;
}
