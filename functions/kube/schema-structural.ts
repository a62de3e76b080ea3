/**
 * Decoding by a schema that has its fields inline, as custom kinds have: unknown fields are dropped and reported, nulls
 * that the schema does not allow are dropped, defaults are filled in. Values of a wrong type stay: validation, which
 * reads the same schema, names them. Source: apiextensions-apiserver, pkg/apiserver/schema/{pruning,defaulting}.
 */
import { copy } from './copy.ts';
import type { Json, JsonObject } from './object.ts';
import { ownField, setOwn } from './own-field.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { valueNodeOf } from './schema-definitions.ts';
import { type Walk, type Walker, pathText, plainValue } from './schema-walk.ts';

/** Compiles what a `$ref` leads to, which is a built-in definition. */
export type CompileReference = (node: SchemaNode) => Walker;

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const text: SchemaNode = { type: 'string' };
const embedded: Readonly<Record<string, SchemaNode>> = { apiVersion: text, kind: text, metadata: { $ref: `#/definitions/${meta}` } };

export function structuralWalker(node: SchemaNode, reference: CompileReference): Walker {
  if (node.$ref !== undefined) return lenient(reference(node));
  if (node.items !== undefined) return listWalker(structuralWalker(node.items, reference));
  const keepsAll = node['x-kubernetes-preserve-unknown-fields'] === true || node.additionalProperties === true;
  const values = valueNodeOf(node);
  if (node.properties === undefined && values !== undefined) return mapWalker(structuralWalker(values, reference));
  if (node.properties === undefined && (keepsAll || node.type !== 'object')) return plainValue;
  return objectWalker(node, keepsAll, reference);
}

const isObject = (value: Json): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where a struct of Go is asked for, anything but an object is left to validation. */
const lenient =
  (walker: Walker): Walker =>
  (value, walk) =>
    isObject(value) ? walker(value, walk) : plainValue(value, walk);

function listWalker(item: Walker): Walker {
  return (value, walk) => {
    if (!Array.isArray(value)) return plainValue(value, walk);
    const depth = walk.steps.length;
    const result = value.map((part, index) => {
      walk.steps[depth] = index;
      return item(part, walk);
    });
    walk.steps.length = depth;
    return result;
  };
}

function mapWalker(of: Walker): Walker {
  return (value, walk) => {
    if (!isObject(value)) return plainValue(value, walk);
    const result: JsonObject = {};
    for (const [key, part] of Object.entries(value))
      setOwn(
        result,
        key,
        at(walk, key, () => of(part, walk)),
      );
    return result;
  };
}

function at(walk: Walk, step: string, read: () => Json): Json {
  walk.steps.push(step);
  const value = read();
  walk.steps.pop();
  return value;
}

interface Property {
  readonly name: string;
  readonly node: SchemaNode;
  readonly walker: Walker;
}

function objectWalker(node: SchemaNode, keepsAll: boolean, reference: CompileReference): Walker {
  const nodes = { ...(node['x-kubernetes-embedded-resource'] === true ? embedded : {}), ...node.properties };
  const properties = Object.entries(nodes).map(([name, child]): Property => ({
    name,
    node: child,
    walker: structuralWalker(child, reference),
  }));
  const known = new Map(properties.map((property) => [property.name, property]));
  const defaults = properties.filter((property) => property.node.default !== undefined);
  return (value, walk) => {
    if (!isObject(value)) return plainValue(value, walk);
    const result: JsonObject = {};
    for (const [name, part] of Object.entries(value)) {
      const property = known.get(name);
      if (property !== undefined) readProperty(property, part, result, walk);
      else if (keepsAll) setOwn(result, name, plainValue(part, walk));
      else walk.unknown.push(pathText(walk.steps, name));
    }
    for (const { name, node: child, walker } of defaults) {
      if (ownField(result, name) === undefined)
        setOwn(
          result,
          name,
          at(walk, name, () => walker(copy(child.default ?? null), walk)),
        );
    }
    return result;
  };
}

/** A null that is not allowed counts as absent, so that a default takes its place. */
function readProperty({ name, node, walker }: Property, value: Json, target: JsonObject, walk: Walk): void {
  if (value === null) {
    if (node.nullable === true) setOwn(target, name, null);
    return;
  }
  setOwn(
    target,
    name,
    at(walk, name, () => walker(value, walk)),
  );
}
