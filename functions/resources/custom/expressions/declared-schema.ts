/**
 * What a schema declares to expressions; undefined where they may not see the values.
 * Source: apiserver, pkg/cel/common/schemas.go.
 */
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  stringType,
  structType,
  timestampType,
} from '../../../cel/check/type.ts';
import type { DeclaredField, DeclaredType } from '../../../cel/declared-type.ts';
import { escapedName } from '../../../cel/escape.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { resolved } from '../../../kube/schema-definitions.ts';

const requestBytesMax = 3 * 1024 * 1024;
/** The most characters of a text, without its quotes. */
const textMax = requestBytesMax - 2;
const charactersPerLength = 4;
const nameMax = 253;

const timeSizes: ReadonlyMap<string, { readonly max: number; readonly min: number }> = new Map([
  ['duration', { max: 32, min: 3 }],
  ['date', { max: 12, min: 12 }],
  ['date-time', { max: 32, min: 21 }],
]);

/** The whole object of a kind, or one that is embedded: these fields are always there. */
export function withIdentity(node: SchemaNode): SchemaNode {
  if (namesItself(node)) return node;
  const text: SchemaNode = { type: 'string' };
  const given = node.properties?.['metadata']?.properties;
  const capped = (name: string, max: number): SchemaNode => ({ ...text, maxLength: Math.min(given?.[name]?.maxLength ?? max, max) });
  const metadata: SchemaNode = {
    type: 'object',
    // What is added to a generated name has a character at least.
    properties: { name: capped('name', nameMax), generateName: capped('generateName', nameMax - 1) },
  };
  return { ...node, type: 'object', properties: { ...node.properties, apiVersion: text, kind: text, metadata } };
}

function namesItself({ properties }: SchemaNode): boolean {
  const names = resolved(properties?.['metadata'] ?? {}).properties;
  return [properties?.['kind'], properties?.['apiVersion'], names?.['name'], names?.['generateName']].every(
    (node) => node?.type === 'string',
  );
}

/** Definitions that a built-in kind refers to; one that refers to itself is left out there. */
type Seen = readonly string[];

/** The schema of a built-in kind, as upstream describes it in OpenAPI v2. */
function plain(node: SchemaNode): SchemaNode {
  const found = resolved(node);
  return found['x-kubernetes-v2-schema'] ?? found;
}

export function declaredSchema(node: SchemaNode, isRoot: boolean, name = 'selfType', seen: Seen = []): DeclaredType | undefined {
  const { $ref } = node;
  if ($ref === undefined) return declaredNode(node, isRoot, name, seen);
  return seen.includes($ref) ? undefined : declaredNode(plain(node), isRoot, name, [...seen, $ref]);
}

const isIntOrString = (node: SchemaNode): boolean => node['x-kubernetes-int-or-string'] === true || node.format === 'int-or-string';

function declaredNode(given: SchemaNode, isRoot: boolean, name: string, seen: Seen): DeclaredType | undefined {
  if (isIntOrString(given)) {
    const sizeMax = given.maxLength === undefined ? textMax : positive(given.maxLength) * charactersPerLength;
    return { type: dynType, sizeMax, serializedMin: 1 };
  }
  const node = isRoot ? withIdentity(given) : given;
  switch (node.type) {
    case 'array':
      return declaredList(node, name, seen);
    case 'object':
      return typeof node.additionalProperties === 'object' ? declaredMap(node, name, seen) : declaredObject(node, name, seen);
    case 'string':
      return declaredText(node);
    case 'boolean':
      return { type: boolType, sizeMax: 0, serializedMin: 4 };
    case 'number':
      return { type: doubleType, sizeMax: 0, serializedMin: 1 };
    case 'integer':
      return { type: intType, sizeMax: 0, serializedMin: 1 };
    case undefined:
    default:
      return undefined;
  }
}

const positive = (size: number): number => Math.max(size, 0);
const isEmbedded = (node: SchemaNode): boolean => node['x-kubernetes-embedded-resource'] === true;

function declaredList(node: SchemaNode, name: string, seen: Seen): DeclaredType | undefined {
  const element = node.items === undefined ? undefined : declaredSchema(node.items, isEmbedded(node.items), `${name}.@idx`, seen);
  if (element === undefined) return undefined;
  const sizeMax = node.maxItems === undefined ? Math.trunc(textMax / (element.serializedMin + 1)) : positive(node.maxItems);
  const kind = node['x-kubernetes-list-type'];
  const identity =
    kind === 'set' || kind === 'map'
      ? { kind, keys: (node['x-kubernetes-list-map-keys'] ?? []).map((key) => escapedName(key) ?? key) }
      : undefined;
  return { type: listType(element.type), element, sizeMax, serializedMin: 2, ...(identity === undefined ? {} : { identity }) };
}

const keyType: DeclaredType = { type: stringType, sizeMax: 0, serializedMin: 2 };
const entryExtraBytes = 6;

function declaredMap(node: SchemaNode, name: string, seen: Seen): DeclaredType | undefined {
  const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : {};
  const element = declaredSchema(values, isEmbedded(values), `${name}.@elem`, seen);
  if (element === undefined) return undefined;
  const estimated = Math.trunc(textMax / (element.serializedMin + entryExtraBytes));
  const sizeMax = node.maxProperties === undefined ? estimated : positive(node.maxProperties);
  return { type: mapType(stringType, element.type), key: keyType, element, sizeMax, serializedMin: 2 };
}

/** Quotes, colon and comma. */
const fieldExtraBytes = 4;

function declaredObject(node: SchemaNode, name: string, seen: Seen): DeclaredType {
  const fields = new Map<string, DeclaredField>();
  const required = new Set(node.required);
  let serializedMin = 2;
  for (const [jsonName, property] of Object.entries(node.properties ?? {})) {
    const escaped = escapedName(jsonName);
    const declared = declaredSchema(property, isEmbedded(property), `${name}.${escaped ?? jsonName}`, seen);
    if (declared === undefined) continue;
    if (escaped !== undefined) fields.set(escaped, { jsonName, declared });
    if (required.has(jsonName) && property.default === undefined) {
      serializedMin += Buffer.byteLength(jsonName) + declared.serializedMin + fieldExtraBytes;
    }
  }
  return { type: structType(name), fields, sizeMax: 0, serializedMin };
}

function declaredText(node: SchemaNode): DeclaredType {
  const times = timeSizes.get(node.format ?? '');
  if (times !== undefined) {
    const type = node.format === 'duration' ? durationType : timestampType;
    return { type, sizeMax: times.max, serializedMin: times.min, ...(node.format === 'date' ? { isDate: true } : {}) };
  }
  if (node.format === 'byte') {
    return { type: bytesType, sizeMax: node.maxLength === undefined ? textMax : positive(node.maxLength), serializedMin: 2 };
  }
  return { type: stringType, sizeMax: textSize(node), serializedMin: 2 };
}

function textSize({ maxLength, enum: values }: SchemaNode): number {
  if (maxLength !== undefined) return positive(maxLength) * charactersPerLength;
  if (values === undefined || values.length === 0) return textMax;
  return Math.max(...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0)));
}

/** How often a value of at least this size fits into a request. */
export const countMax = (serializedMin: number): number => Math.trunc(requestBytesMax / (serializedMin + 1));
