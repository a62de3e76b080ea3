/** Objects inside an object have an identity that any object could have. Source: apiextensions-apiserver, pkg/apiserver/schema/objectmeta/validation.go. */
import { type FieldError, invalid, required } from '../../kube/field-error.ts';
import type { ObjectMeta } from '../../kube/generated/types.ts';
import { dns1035LabelErrors, pathSegmentErrors } from '../../kube/names.ts';
import { type Json, type JsonObject, isJsonObject } from '../../kube/object.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import { validateObjectMeta } from '../metadata-validation.ts';

export function embeddedErrors(node: SchemaNode, value: Json, path = ''): FieldError[] {
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined ? [] : value.flatMap((item, index) => embeddedErrors(items, item, `${path}[${index}]`));
  }
  if (!isJsonObject(value)) return [];
  const own = node['x-kubernetes-embedded-resource'] === true ? identityErrors(value, path) : [];
  const { properties = {}, additionalProperties } = node;
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const inside = Object.entries(value).flatMap(([name, part = null]) => {
    const child = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (child !== undefined) return embeddedErrors(child, part, path === '' ? name : `${path}.${name}`);
    return values === undefined ? [] : embeddedErrors(values, part, `${path}[${name}]`);
  });
  return [...own, ...inside];
}

function identityErrors(value: JsonObject, path: string): FieldError[] {
  const { apiVersion, kind, metadata } = value;
  const errors: FieldError[] = [];
  if (apiVersion === undefined) errors.push(required(`${path}.apiVersion`));
  if (kind === undefined) errors.push(required(`${path}.kind`));
  if (apiVersion !== undefined) errors.push(...textErrors(`${path}.apiVersion`, apiVersion, apiVersionProblem));
  if (kind !== undefined) errors.push(...textErrors(`${path}.kind`, kind, kindProblem));
  return isJsonObject(metadata) ? [...errors, ...metadataErrors(metadata, `${path}.metadata`)] : errors;
}

function textErrors(field: string, value: Json, problemOf: (text: string) => string | undefined): FieldError[] {
  if (typeof value !== 'string') return [invalid(field, value, 'must be a string')];
  if (value === '') return [invalid(field, value, 'must not be empty')];
  const problem = problemOf(value);
  return problem === undefined ? [] : [invalid(field, value, problem)];
}

const apiVersionProblem = (text: string): string | undefined =>
  text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;

function kindProblem(text: string): string | undefined {
  const wrong = dns1035LabelErrors(text.toLowerCase());
  return wrong.length === 0 ? undefined : `may have mixed case, but should otherwise match: ${wrong.join(',')}`;
}

function metadataErrors(metadata: JsonObject, path: string): FieldError[] {
  const meta = metadata as ObjectMeta;
  const named: ObjectMeta = meta.name ? meta : { ...meta, name: 'fakename' };
  return validateObjectMeta(named, { namespaced: Boolean(meta.namespace), validateName: pathSegmentErrors }, path);
}
