/** Items of a set, and items of a map by their keys, are there once. Source: apiextensions-apiserver, pkg/apiserver/schema/listtype/validation.go. */
import { duplicate, type FieldError, invalid } from '../../kube/field-error.ts';
import { type Json, type JsonObject, isJsonObject } from '../../kube/object.ts';
import type { SchemaNode } from '../../kube/schema.ts';

export function listErrors(node: SchemaNode, value: Json, path = ''): FieldError[] {
  if (Array.isArray(value)) {
    const { items } = node;
    const below = items === undefined ? [] : value.flatMap((item, index) => listErrors(items, item, `${path}[${index}]`));
    return [...duplicates(node, value, path), ...below];
  }
  if (!isJsonObject(value)) return [];
  const { properties = {}, additionalProperties } = node;
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  return Object.entries(value).flatMap(([name, part = null]) => {
    const isNamed = Object.hasOwn(properties, name);
    const child = isNamed ? properties[name] : undefined;
    return [
      ...(values === undefined ? [] : listErrors(values, part, `${path}[${name}]`)),
      ...(child === undefined || child.$ref !== undefined ? [] : listErrors(child, part, path === '' ? name : `${path}.${name}`)),
    ];
  });
}

function duplicates(node: SchemaNode, list: readonly Json[], path: string): FieldError[] {
  if (node['x-kubernetes-list-type'] === 'set') return repeated(list, (item) => item, path);
  if (node['x-kubernetes-list-type'] !== 'map') return [];
  const wrong = list.findIndex((item) => item !== null && !isJsonObject(item));
  if (wrong !== -1) return [invalid(`${path}[${wrong}]`, list[wrong], 'must be an object for an array of list-type map')];
  const keys = node['x-kubernetes-list-map-keys'] ?? [];
  return repeated(
    list,
    (item): JsonObject =>
      isJsonObject(item) ? Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key] ?? null])) : {},
    path,
  );
}

/** One that is there three times is reported once. */
function repeated(list: readonly Json[], keyOf: (item: Json) => Json, path: string): FieldError[] {
  const counts = new Map<string, number>();
  return list.flatMap((item, index) => {
    const key = keyOf(item);
    const text = JSON.stringify(sorted(key));
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    return count === 2 ? [duplicate(`${path}[${index}]`, key)] : [];
  });
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted(value[name] ?? null)]),
  );
}
