/** The numbers that a scale reads. Source: apiextensions-apiserver, pkg/registry/customresource/validator.go. */
import { type FieldError, invalid } from '../../kube/field-error.ts';
import type { CustomResourceSubresourceScale } from '../../kube/generated/types.ts';
import { goText } from '../../kube/go-text.ts';
import { type Json, type JsonObject, isJsonObject } from '../../kube/object.ts';

const replicasMax = 2 ** 31 - 1;

interface Found {
  readonly value?: Json;
  readonly problem?: string;
}

/** Source: apimachinery, pkg/apis/meta/v1/unstructured/helpers.go, NestedFieldNoCopy. */
function nested(object: JsonObject, path: string): Found {
  const names = path.replace(/^\./, '').split('.');
  let value: Json = object;
  for (const [index, name] of names.entries()) {
    if (value === null) return {};
    if (!isJsonObject(value)) {
      const at = `.${names.slice(0, index + 1).join('.')}`;
      return { problem: `${at} accessor error: ${goText(value)} is of the type ${goType(value)}, expected map[string]interface{}` };
    }
    const part: Json | undefined = Object.hasOwn(value, name) ? value[name] : undefined;
    if (part === undefined) return {};
    value = part;
  }
  return { value };
}

function goType(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : 'string';
}

const wrongType = (path: string, value: Json, expected: string): string =>
  `.${path.replace(/^\./, '')} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${expected}`;

function replicasErrors(object: JsonObject, path: string): FieldError[] {
  const { value, problem } = nested(object, path);
  if (problem !== undefined) return [invalid(path, 0, problem)];
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value)) return [invalid(path, 0, wrongType(path, value, 'int64'))];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > replicasMax ? [invalid(path, value, `should be less than or equal to ${replicasMax}`)] : [];
}

export const scaleSpecErrors = (object: JsonObject, { specReplicasPath }: CustomResourceSubresourceScale): FieldError[] =>
  replicasErrors(object, specReplicasPath);

export function scaleStatusErrors(
  object: JsonObject,
  { statusReplicasPath, labelSelectorPath: path }: CustomResourceSubresourceScale,
): FieldError[] {
  const errors = replicasErrors(object, statusReplicasPath);
  if (path === undefined) return errors;
  const { value, problem } = nested(object, path);
  if (problem !== undefined) return [...errors, invalid(path, '', problem)];
  if (value === undefined || typeof value === 'string') return errors;
  return [...errors, invalid(path, '', wrongType(path, value, 'string'))];
}
