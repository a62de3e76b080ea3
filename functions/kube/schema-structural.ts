/**
 * Decoding by a schema that has its fields inline, as custom kinds have: unknown fields are dropped and reported, nulls
 * that the schema does not allow are dropped, defaults are filled in. Values of a wrong type stay: validation, which
 * reads the same schema, names them. Source: apiextensions-apiserver, pkg/apiserver/customresource_handler.go
 * (unstructuredSchemaCoercer), pkg/apiserver/schema/{pruning,defaulting,objectmeta}.
 */
import { copy } from './copy.ts';
import { type Json, type JsonObject, isJsonObject } from './object.ts';
import { ownField, setOwn } from './own-field.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { DecodeError, type Step, type Walk, type Walker, pathText } from './schema-walk.ts';
import { invalid } from './field-error.ts';

const identityFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * `metadata` reads an ObjectMeta. What the root's schema holds of the three fields that each object has is left to
 * validation.
 */
export function structuralWalker(root: SchemaNode, metadata: Walker): Walker {
  return (given, { unknown, hasDefaults = true, isRestored = false }) => {
    const value = copy(given);
    if (!isJsonObject(value)) return value;
    const { apiVersion, kind } = value;
    const meta = value['metadata'] === undefined ? undefined : readMetadata(value['metadata'], metadata, 'metadata', unknown);
    // What an apply makes is coerced only when it is valid: see `coerce`.
    if (!isRestored) coerceFields(value, root, { unknown, metadata });
    if (hasDefaults) fillDefaults(value, root);
    if (apiVersion !== undefined) value['apiVersion'] = apiVersion;
    if (kind !== undefined) value['kind'] = kind;
    if (meta !== undefined) value['metadata'] = meta;
    return value;
  };
}

function coerceFields(value: JsonObject, root: SchemaNode, { unknown, metadata }: Pick<Embedded, 'unknown' | 'metadata'>): void {
  const pruned: string[] = [];
  prune(value, { ...root, 'x-kubernetes-embedded-resource': true }, { steps: [], unknown: pruned });
  unknown.push(...pruned.sort());
  dropNulls(value, root);
  const inEmbedded: string[] = [];
  readEmbedded(value, root, { steps: [], unknown: inEmbedded, metadata });
  unknown.push(...inEmbedded.sort());
}

/**
 * Drops what is never stored from an object that was validated. Changes in place. Source: customresource_handler.go,
 * schemaCoercingDecoder.
 */
export function coerce(value: JsonObject, root: SchemaNode, metadata: Walker): void {
  coerceFields(value, root, { unknown: [], metadata });
}

/** Errors do not name the path to the metadata; unknown fields do. */
function readMetadata(value: Json, metadata: Walker, path: string, unknown: string[]): Json {
  const walk: Walk = { steps: [], unknown: [] };
  const result = metadata(value ?? {}, walk);
  if (walk.mismatch !== undefined) throw walk.mismatch;
  unknown.push(...walk.unknown.map((field) => `${path}.${field}`));
  return result;
}

interface Pruning {
  readonly steps: Step[];
  readonly unknown: string[];
}

function below(steps: Step[], step: Step, run: () => void): void {
  steps.push(step);
  run();
  steps.pop();
}

const valuesNode = ({ additionalProperties }: SchemaNode): SchemaNode | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

const property = (node: SchemaNode, name: string): SchemaNode | undefined =>
  node.properties === undefined ? undefined : ownField(node.properties, name);

const isIdentity = (node: SchemaNode, name: string): boolean => node['x-kubernetes-embedded-resource'] === true && identityFields.has(name);

/** Paths of what pruning would remove. */
export function unknownIn(value: Json, node: SchemaNode): string[] {
  const unknown: string[] = [];
  prune(copy(value), node, { steps: [], unknown });
  return unknown;
}

/** Without a schema nothing of an object stays. Scalars stay, with any schema. */
function prune(value: Json, node: SchemaNode | undefined, pruning: Pruning): void {
  if (typeof value !== 'object' || value === null) return;
  if (node?.['x-kubernetes-preserve-unknown-fields'] === true) return pruneKnown(value, node, pruning);
  const { steps, unknown } = pruning;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) below(steps, index, () => prune(item, node?.items, pruning));
    return;
  }
  for (const [name, part = null] of Object.entries(value)) {
    if (node !== undefined && isIdentity(node, name)) continue;
    const known = node === undefined ? undefined : property(node, name);
    if (known !== undefined || node?.additionalProperties !== undefined) {
      below(steps, name, () => prune(part, known ?? (node === undefined ? undefined : valuesNode(node)), pruning));
      continue;
    }
    if (!identityFields.has(name) || steps.length > 0) unknown.push(pathText(steps, name));
    delete value[name];
  }
}

/** Unknown fields stay; known ones are pruned by their own schemas. */
function pruneKnown(value: Json, node: SchemaNode | undefined, pruning: Pruning): void {
  if (node === undefined || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) below(pruning.steps, index, () => pruneKnown(item, node.items, pruning));
    return;
  }
  for (const [name, part = null] of Object.entries(value)) {
    if (isIdentity(node, name)) continue;
    const known = property(node, name);
    if (known !== undefined) below(pruning.steps, name, () => prune(part, known, pruning));
    else if (node.additionalProperties !== undefined) below(pruning.steps, name, () => prune(part, valuesNode(node), pruning));
  }
}

const childOf = (node: SchemaNode, name: string): SchemaNode | undefined => property(node, name) ?? valuesNode(node);

/** A null that is not allowed is dropped; one that has a default makes room for it. */
function dropNulls(value: Json, node: SchemaNode | undefined): void {
  if (node === undefined || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, node.items);
    return;
  }
  for (const [name, part = null] of Object.entries(value)) {
    const child = childOf(node, name);
    if (part === null && child !== undefined && child.nullable !== true && (child.default ?? null) === null) delete value[name];
    else dropNulls(part, child);
  }
}

const isRefusedNull = (value: Json | undefined, node: SchemaNode): boolean => value === null && node.nullable !== true;

function fillDefaults(value: Json, node: SchemaNode | undefined): void {
  if (node === undefined || typeof value !== 'object' || value === null) return;
  const { items, properties = {} } = node;
  if (Array.isArray(value)) {
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      if (isRefusedNull(item, items)) value[index] = copy(items.default ?? null);
      fillDefaults(value[index] ?? null, items);
    }
    return;
  }
  for (const [name, child] of Object.entries(properties)) {
    if ((child.default ?? null) === null) continue;
    const part = ownField(value, name);
    if (part === undefined || isRefusedNull(part, child)) setOwn(value, name, copy(child.default ?? null));
  }
  const values = valuesNode(node);
  for (const [name, part = null] of Object.entries(value)) {
    const child = property(node, name);
    if (child === undefined && values !== undefined && isRefusedNull(part, values)) setOwn(value, name, copy(values.default ?? null));
    fillDefaults(ownField(value, name) ?? null, child ?? values);
  }
}

interface Embedded extends Pruning {
  readonly metadata: Walker;
}

/** The identity of objects inside the object is read as any object's is. */
function readEmbedded(value: Json, node: SchemaNode | undefined, embedded: Embedded): void {
  if (node === undefined || typeof value !== 'object' || value === null) return;
  const { steps } = embedded;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) below(steps, index, () => readEmbedded(item, node.items, embedded));
    return;
  }
  if (node['x-kubernetes-embedded-resource'] === true) readIdentity(value, embedded);
  for (const [name, part = null] of Object.entries(value)) {
    const child = childOf(node, name);
    // What stands in a map is named as in errors of fields.
    const step = property(node, name) === undefined ? { key: name } : name;
    if (child !== undefined) below(steps, step, () => readEmbedded(part, child, embedded));
  }
}

function readIdentity(value: JsonObject, { steps, unknown, metadata }: Embedded): void {
  for (const name of ['apiVersion', 'kind']) {
    const part = value[name];
    if (part !== undefined && typeof part !== 'string') refuse(`${pathText(steps, name)}`, part, 'must be a string');
  }
  const sent = value['metadata'];
  if (sent === undefined) return;
  const path = pathText(steps, 'metadata');
  try {
    const read = readMetadata(sent, metadata, path, unknown);
    if (isJsonObject(read) && (read['creationTimestamp'] ?? null) === null) delete read['creationTimestamp'];
    value['metadata'] = read;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    refuse(path, sent, error.message);
  }
}

function refuse(path: string, value: Json, why: string): never {
  const { field, message } = invalid(path, value, why);
  throw new DecodeError(`${field}: ${message}`);
}
