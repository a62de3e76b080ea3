/**
 * What the schema alone says about an object: fields that are missing, and values outside an enumeration. Upstream
 * writes these checks by hand for each kind, so definitions choose which of them apply.
 */
import type { FieldError } from './field-error.ts';
import { notSupported, required } from './field-error.ts';
import type { Json } from './object.ts';
import type { Schema } from './schema.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { referredName, resolved, valueNodeOf } from './schema-definitions.ts';

interface Found {
  readonly node: SchemaNode;
  readonly value: Json;
  readonly path: string;
}

type Check = (found: Found) => FieldError[];

const child = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);

/** The node and everything below it, in the order of the value's fields. */
function* nodesOf(node: SchemaNode, value: Json, path: string): Generator<Found> {
  const { properties, items, ...others } = resolved(node);
  yield { node: resolved(node), value, path };
  if (Array.isArray(value)) {
    if (items !== undefined) for (const [index, item] of value.entries()) yield* nodesOf(items, item, `${path}[${index}]`);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [field, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const next = properties?.[field] ?? valueNodeOf(others);
    const step = properties === undefined ? `${path}[${field}]` : child(path, field);
    if (next !== undefined && mayHold(next)) yield* nodesOf(next, part, step);
  }
}

/** Plain scalars have nothing to check, and there are many of them. */
const mayHold = (node: SchemaNode): boolean =>
  referredName(node) !== undefined || node.enum !== undefined || node.items !== undefined || node.additionalProperties !== undefined;

const isMissing = (value: Json | undefined): boolean => value === undefined || value === null || value === '';

const requiredFields: Check = ({ node, value, path }) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return (node.required ?? []).filter((field) => isMissing(value[field])).map((field) => required(child(path, field)));
};

const enumeratedValues: Check = ({ node, value, path }) => {
  if (node.enum === undefined || typeof value !== 'string' || value === '') return [];
  return node.enum.includes(value) ? [] : [notSupported(path, value, node.enum.map(String))];
};

function errorsOf(schema: Pick<Schema, 'node'>, object: unknown, check: Check): FieldError[] {
  // Objects of known kinds are JSON, whatever their interface is called.
  return [...nodesOf(schema.node, object as Json, '')].flatMap(check);
}

/** Fields that the schema requires and the object lacks; '' counts as lacking. */
export const requiredErrors = (schema: Pick<Schema, 'node'>, object: unknown): FieldError[] => errorsOf(schema, object, requiredFields);

/** Values outside the enumeration of their field. */
export const enumErrors = (schema: Pick<Schema, 'node'>, object: unknown): FieldError[] => errorsOf(schema, object, enumeratedValues);
