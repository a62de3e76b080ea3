/**
 * What a decoded object has and is never stored with: fields behind a feature gate that is off, and empty lists that Go
 * reads back as null. Whoever records field managers sees them; afterwards they go.
 * Source: pkg/api/pod/util.go, DropDisabledPodFields, and its neighbours; protobuf, which knows no empty list.
 */
import { disabledFieldsOf, droppedWhenEmptied, nullFieldsOf } from './go-fields.ts';
import type { Json, JsonObject } from './object.ts';
import { definitionOf, referredName, type SchemaNode, valueNodeOf } from './schema-definitions.ts';

type Settle = (value: JsonObject) => void;

interface Part {
  readonly field: string;
  readonly settle: (holder: JsonObject, value: Json) => void;
}

/** Undefined where nothing below the definition is ever unstored, and while that is being found out. */
const known = new Map<string, Settle | undefined>();

/** Changes in place. */
export function settle(object: JsonObject, schemaName: string): void {
  settlerOf(schemaName)?.(object);
}

function settlerOf(schemaName: string): Settle | undefined {
  if (known.has(schemaName)) return known.get(schemaName);
  let parts: readonly Part[] = [];
  // A definition that refers to itself finds this one, which sees the parts that are found later.
  const settler: Settle = (value) => {
    for (const { field, settle: settlePart } of parts) {
      const part = value[field];
      if (part !== undefined && part !== null) settlePart(value, part);
    }
  };
  known.set(schemaName, settler);
  parts = partsOf(schemaName);
  if (parts.length === 0) known.set(schemaName, undefined);
  return known.get(schemaName);
}

function partsOf(schemaName: string): Part[] {
  const disabled = disabledFieldsOf(schemaName);
  const nulls = nullFieldsOf(schemaName);
  return Object.entries(definitionOf(schemaName).properties ?? {}).flatMap(([field, node]): Part[] => {
    if (disabled.includes(field)) return [{ field, settle: (holder) => void Reflect.deleteProperty(holder, field) }];
    const below = belowOf(node);
    const isNull = nulls.includes(field) && node.items !== undefined;
    if (below === undefined && !isNull) return [];
    const dropsEmptied = droppedWhenEmptied.has(referredName(node) ?? '');
    const settlePart: Part['settle'] = (holder, value) => {
      if (isNull && Array.isArray(value) && value.length === 0) holder[field] = null;
      const wasEmpty = isEmpty(value);
      below?.(value);
      if (dropsEmptied && !wasEmpty && isEmpty(value)) Reflect.deleteProperty(holder, field);
    };
    return [{ field, settle: settlePart }];
  });
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: Json): boolean => isObject(value) && Object.keys(value).length === 0;

function belowOf(node: SchemaNode): ((value: Json) => void) | undefined {
  const name = referredName(node);
  if (name !== undefined) return ofObject(settlerOf(name));
  const inner = node.items ?? valueNodeOf(node);
  const below = inner === undefined ? undefined : belowOf(inner);
  if (below === undefined) return undefined;
  return (value) => {
    if (Array.isArray(value)) value.forEach(below);
    else if (isObject(value)) Object.values(value).forEach((part) => part !== undefined && below(part));
  };
}

const ofObject = (settler: Settle | undefined): ((value: Json) => void) | undefined =>
  settler === undefined ? undefined : (value) => (isObject(value) ? settler(value) : undefined);
