/**
 * The errors of an object by its schema alone: values outside an enumeration. Upstream writes these checks by hand for each
 * kind, so definitions choose which of them apply.
 */
import type { FieldError } from './field-error.ts';
import { notSupported } from './field-error.ts';
import { type Json, isJsonObject } from './object.ts';
import { ownField } from './own-field.ts';
import type { Schema } from './schema.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { resolved, valueNodeOf } from './schema-definitions.ts';

/** Adds the errors of a value that stands at this path, in the order of its fields. */
type Check = (value: Json, path: string, errors: FieldError[]) => void;

/** By resolved node. Undefined: no value can be wrong there, which is so of most of an object. */
const checks = new WeakMap<SchemaNode, Check | undefined>();

function checkOf(given: SchemaNode): Check | undefined {
  const node = resolved(given);
  if (checks.has(node)) return checks.get(node);
  // Definitions may refer to themselves: until it is known what is in this one, anything may be.
  checks.set(node, (value, path, errors) => checkOf(node)?.(value, path, errors));
  const check = compiled(node);
  checks.set(node, check);
  return check;
}

function compiled(node: SchemaNode): Check | undefined {
  if (node.enum !== undefined) return enumCheck(node.enum.map(String));
  if (node.items !== undefined) return listCheck(checkOf(node.items));
  const values = valueNodeOf(node);
  if (node.properties !== undefined) return structCheck(node.properties);
  return values === undefined ? undefined : mapCheck(checkOf(values));
}

const enumCheck =
  (known: readonly string[]): Check =>
  (value, path, errors) => {
    if (typeof value === 'string' && value !== '' && !known.includes(value)) errors.push(notSupported(path, value, known));
  };

function listCheck(item: Check | undefined): Check | undefined {
  if (item === undefined) return undefined;
  return (value, path, errors) => {
    if (Array.isArray(value)) for (const [index, part] of value.entries()) item(part, `${path}[${index}]`, errors);
  };
}

function mapCheck(of: Check | undefined): Check | undefined {
  if (of === undefined) return undefined;
  return (value, path, errors) => {
    if (!isJsonObject(value)) return;
    for (const [key, part] of Object.entries(value)) if (part !== undefined) of(part, `${path}[${key}]`, errors);
  };
}

function structCheck(properties: Readonly<Record<string, SchemaNode>>): Check | undefined {
  const fields = new Map<string, Check>();
  for (const [name, node] of Object.entries(properties)) {
    const check = checkOf(node);
    if (check !== undefined) fields.set(name, check);
  }
  if (fields.size === 0) return undefined;
  return (value, path, errors) => {
    if (!isJsonObject(value)) return;
    for (const name of Object.keys(value)) {
      const part = fields.has(name) ? ownField(value, name) : undefined;
      if (part !== undefined) fields.get(name)?.(part, path === '' ? name : `${path}.${name}`, errors);
    }
  };
}

/** Values outside the enumeration of their field. */
export function enumErrors({ node }: Pick<Schema, 'node'>, object: unknown): FieldError[] {
  const errors: FieldError[] = [];
  // Objects of known kinds are JSON, whatever their interface is called.
  checkOf(node)?.(object as Json, '', errors);
  return errors;
}
