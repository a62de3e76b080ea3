/**
 * Checks a value against an inline schema, in the words of upstream's validator.
 * Source: kube-openapi, pkg/validation/validate; apiextensions-apiserver, pkg/apiserver/validation/validation.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import { duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../kube/field-error.ts';
import type { Json, JsonObject } from '../../kube/object.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import { matchesPattern } from '../../kube/patterns.ts';
import { formatErrors } from './value-formats.ts';

/** An object has at most this many errors; the rest are left out. */
const errorsMax = 100;

/** What did not change since it was stored is not checked again: upstream calls it ratcheting. */
export function valueErrors(node: SchemaNode, value: Json, path: string, stored?: Json): FieldError[] {
  return checked(node, value, path, stored).slice(0, errorsMax);
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

function checked(node: SchemaNode, value: Json, path: string, stored: Json | undefined): FieldError[] {
  if (stored !== undefined && deepEqual(value, stored)) return [];
  if (value === null) return node.nullable === true ? [] : [typeInvalid(path, value, node.type ?? 'object')];
  const wrong = typeErrors(node, value, path);
  if (wrong.length > 0) return wrong;
  return [
    ...ownErrors(node, value, path),
    ...(Array.isArray(value) ? itemErrors(node, value, path, stored) : []),
    ...(isObject(value) ? memberErrors(node, value, path, stored) : []),
    ...combinedErrors(node, value, path),
  ];
}

const child = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function typeOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' ? 'object' : typeof value;
}

function typeErrors(node: SchemaNode, value: Json, path: string): FieldError[] {
  const found = typeOf(value);
  if (node['x-kubernetes-int-or-string'] === true) {
    return found === 'integer' || found === 'string' ? [] : [typeInvalid(path, value, 'integer,string')];
  }
  const { type } = node;
  if (type === undefined || type === '' || type === found || (type === 'number' && found === 'integer')) return [];
  return [typeInvalid(path, value, type)];
}

const typeInvalid = (path: string, value: Json, type: string): FieldError => {
  const found = value === null ? 'null' : typeOf(value);
  const message = `Invalid value: ${JSON.stringify(found)}: ${inBody(path)} must be of type ${type}: ${JSON.stringify(found)}`;
  return { type: 'FieldValueTypeInvalid', field: path || '<nil>', message };
};

const inBody = (path: string): string => `${path} in body`;

function ownErrors(node: SchemaNode, value: Json, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (why: string): void => void errors.push(invalid(path, value, `${inBody(path)} ${why}`));
  if (node.enum !== undefined && !node.enum.some((one) => deepEqual(one, value)))
    errors.push(notSupported(path, value, node.enum.map(textOf)));
  if (typeof value === 'number') numberErrors(node, value, refuse);
  if (typeof value === 'string') {
    const length = Array.from(value).length;
    if (node.maxLength !== undefined && length > node.maxLength) {
      errors.push({ type: 'FieldValueTooLong', field: path, message: `Too long: may not be more than ${node.maxLength} bytes` });
    }
    if (node.minLength !== undefined && length < node.minLength) refuse(`should be at least ${node.minLength} chars long`);
    if (node.pattern !== undefined && !matchesPattern(node.pattern, value)) refuse(`should match '${node.pattern}'`);
    for (const why of formatErrors(node.format, value)) refuse(why);
  }
  return errors;
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function numberErrors(node: SchemaNode, value: number, refuse: (why: string) => void): void {
  const { minimum, maximum, multipleOf } = node;
  if (minimum !== undefined && (node.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    refuse(`should be greater than ${node.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`);
  }
  if (maximum !== undefined && (node.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    refuse(`should be less than ${node.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`);
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) refuse(`should be a multiple of ${multipleOf}`);
}

function itemErrors(node: SchemaNode, list: readonly Json[], path: string, stored: Json | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (node.maxItems !== undefined && list.length > node.maxItems) errors.push(tooMany(path, list.length, node.maxItems));
  if (node.minItems !== undefined && list.length < node.minItems) {
    errors.push(invalid(path, list.length, `${inBody(path)} should have at least ${node.minItems} items`));
  }
  if (node.uniqueItems === true && list.some((item, index) => list.slice(0, index).some((other) => deepEqual(item, other)))) {
    errors.push(invalid(path, list, `${inBody(path)} shouldn't contain duplicates`));
  }
  errors.push(...duplicateErrors(node, list, path));
  const { items } = node;
  if (items === undefined) return errors;
  const storedItem = storedItems(node, stored);
  return [...errors, ...list.flatMap((item, index) => checked(items, item, `${path}[${index}]`, storedItem(item, index)))];
}

/** Items of a set, and items of a map by their keys. Source: apiextensions-apiserver, pkg/apiserver/schema/listtype/validation.go. */
function duplicateErrors(node: SchemaNode, list: readonly Json[], path: string): FieldError[] {
  const keyOf = itemKey(node);
  if (keyOf === undefined) return [];
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const key = JSON.stringify(keyOf(item));
    if (seen.has(key)) return [duplicate(`${path}[${index}]`, keyOf(item))];
    seen.add(key);
    return [];
  });
}

function itemKey(node: SchemaNode): ((item: Json) => Json) | undefined {
  if (node['x-kubernetes-list-type'] === 'set') return (item) => item;
  if (node['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = node['x-kubernetes-list-map-keys'] ?? [];
  return (item) =>
    Object.fromEntries(
      keys.map((key) => [key, (isObject(item) ? item[key] : undefined) ?? node.items?.properties?.[key]?.default ?? null]),
    );
}

/** The stored item that an item follows: by key in a map, else by its place. */
function storedItems(node: SchemaNode, stored: Json | undefined): (item: Json, index: number) => Json | undefined {
  if (!Array.isArray(stored)) return () => undefined;
  const keyOf = node['x-kubernetes-list-type'] === 'map' ? itemKey(node) : undefined;
  if (keyOf === undefined) return (item) => stored.find((other) => deepEqual(other, item));
  const byKey = new Map(stored.map((item) => [JSON.stringify(keyOf(item)), item]));
  return (item) => byKey.get(JSON.stringify(keyOf(item)));
}

function memberErrors(node: SchemaNode, object: JsonObject, path: string, stored: Json | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const names = Object.keys(object);
  if (node.maxProperties !== undefined && names.length > node.maxProperties) errors.push(tooMany(path, names.length, node.maxProperties));
  if (node.minProperties !== undefined && names.length < node.minProperties) {
    errors.push(invalid(path, names.length, `${inBody(path)} should have at least ${node.minProperties} properties`));
  }
  for (const name of node.required ?? []) if (object[name] === undefined) errors.push(required(child(path, name)));
  const before = isObject(stored) ? stored : undefined;
  const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  for (const name of names) {
    const part = object[name];
    const property = node.properties !== undefined && Object.hasOwn(node.properties, name) ? node.properties[name] : values;
    if (part !== undefined && property !== undefined && property.$ref === undefined) {
      errors.push(...checked(property, part, child(path, name), before?.[name]));
    }
  }
  return errors;
}

/** allOf, anyOf, oneOf and not, whose own failures are reported as one. */
function combinedErrors(node: SchemaNode, value: Json, path: string): FieldError[] {
  const fits = (one: SchemaNode): boolean => checked(one, value, path, undefined).length === 0;
  const errors = (node.allOf ?? []).flatMap((one) => checked(one, value, path, undefined));
  const fail = (why: string): void => void errors.push(invalid(path, value, `${path === '' ? '<nil>' : JSON.stringify(path)} ${why}`));
  if (node.anyOf !== undefined && !node.anyOf.some(fits)) fail('must validate at least one schema (anyOf)');
  if (node.oneOf !== undefined) {
    const count = node.oneOf.filter(fits).length;
    if (count !== 1) fail(`must validate one and only one schema (oneOf). Found ${count === 0 ? 'none' : count} valid`);
  }
  if (node.not !== undefined && fits(node.not)) fail('must not validate the schema (not)');
  return errors;
}
