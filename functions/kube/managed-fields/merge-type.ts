/**
 * How the values of a schema are merged: which maps and lists have parts with owners of their own, and which are owned
 * whole. Compiled from a schema's nodes when they are first met.
 * Source: kube-openapi, pkg/schemaconv/{openapi,smd}.go.
 */
import type { Json } from '../object.ts';
import { ownField } from '../own-field.ts';
import type { SchemaNode } from '../schema-definitions.ts';
import { definitionOf, referredName } from '../schema-definitions.ts';

export type ScalarType = 'numeric' | 'string' | 'boolean' | 'untyped';

export interface ListType {
  readonly isAtomic: boolean;
  /** Without keys, an associative list is a set. */
  readonly keys: readonly string[];
  readonly item: () => MergeType;
}

export interface MapType {
  readonly isAtomic: boolean;
  /** Whether the schema declares the field. */
  has(field: string): boolean;
  /** Undefined for a field that the schema does not allow. */
  field(name: string): MergeType | undefined;
  defaultOf(field: string): Json | undefined;
  /** Neither fields nor types of values are known. */
  readonly isUntyped: boolean;
}

/** The types that a value may have. A known kind has one of the three. */
export interface MergeType {
  readonly scalar?: ScalarType;
  readonly list?: ListType;
  readonly map?: MapType;
}

const untypedAtomic: MergeType = {
  scalar: 'untyped',
  list: { isAtomic: true, keys: [], item: () => untypedAtomic },
  map: { isAtomic: true, has: () => false, field: () => untypedAtomic, defaultOf: () => undefined, isUntyped: false },
};

/** Free-form: maps are merged, lists are owned whole. */
const deduced: MergeType = {
  scalar: 'untyped',
  list: { isAtomic: true, keys: [], item: () => untypedAtomic },
  map: { isAtomic: false, has: () => false, field: () => deduced, defaultOf: () => undefined, isUntyped: true },
};

const ofDefinitions: ReadonlyMap<string, MergeType> = new Map([
  ['io.k8s.apimachinery.pkg.api.resource.Quantity', { scalar: 'untyped' }],
  ['io.k8s.apimachinery.pkg.runtime.RawExtension', untypedAtomic],
]);

const known = new WeakMap<SchemaNode, MergeType>();
const knownPreserving = new WeakMap<SchemaNode, MergeType>();

export const mergeType = (node: SchemaNode): MergeType => typeOf(node, false);

/** `preserves`: an object around the node keeps fields that the schema does not have. */
function typeOf(node: SchemaNode, preserves: boolean): MergeType {
  const cache = preserves ? knownPreserving : known;
  const cached = cache.get(node);
  if (cached !== undefined) return cached;
  const type = referredName(node) === undefined ? compiled(node, preserves) : referred(node);
  cache.set(node, type);
  return type;
}

/** The place that refers to a type may decide otherwise whether it is merged. */
function referred(node: SchemaNode): MergeType {
  const name = referredName(node) ?? '';
  const type = ofDefinitions.get(name) ?? typeOf(definitionOf(name), false);
  const relationship = node['x-kubernetes-map-type'];
  if (relationship === undefined || type.map === undefined) return type;
  return { ...type, map: { ...type.map, isAtomic: relationship === 'atomic' } };
}

function compiled(node: SchemaNode, inherited: boolean): MergeType {
  const preserves = inherited || node['x-kubernetes-preserve-unknown-fields'] === true;
  switch (node.type) {
    case undefined:
      return { scalar: 'untyped', list: listType(node, preserves), map: mapType(node, preserves) };
    case 'object':
      return { map: mapType(node, preserves) };
    case 'array':
      return { list: listType(node, preserves) };
    default:
      return { scalar: scalarType(node) };
  }
}

function scalarType({ type, format = '' }: SchemaNode): ScalarType {
  if (type === 'integer' || type === 'number') return 'numeric';
  if (type === 'boolean') return 'boolean';
  return type === 'string' && (format === '' || format === 'byte') ? 'string' : 'untyped';
}

function listType(node: SchemaNode, preserves: boolean): ListType {
  const { items } = node;
  const item = items === undefined ? () => untypedAtomic : () => typeOf(items, preserves);
  const strategy = node['x-kubernetes-patch-strategy'];
  switch (node['x-kubernetes-list-type']) {
    case 'set':
      return { isAtomic: false, keys: [], item };
    case 'map':
      return { isAtomic: false, keys: node['x-kubernetes-list-map-keys'] ?? [], item };
    case 'atomic':
      return { isAtomic: true, keys: [], item };
    case undefined: {
      const key = node['x-kubernetes-patch-merge-key'];
      const isMerged = strategy === 'merge' || strategy === 'merge,retainKeys';
      return { isAtomic: !isMerged, keys: isMerged && key !== undefined ? [key] : [], item };
    }
  }
}

const text: SchemaNode = { type: 'string' };
/** What an object inside another one has, besides the fields of its schema. */
const embedded: Readonly<Record<string, SchemaNode>> = {
  apiVersion: text,
  kind: text,
  metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
};

function mapType(node: SchemaNode, preserves: boolean): MapType {
  const { additionalProperties } = node;
  const properties = { ...(node['x-kubernetes-embedded-resource'] === true ? embedded : {}), ...node.properties };
  const other = (): MergeType | undefined => {
    if (typeof additionalProperties === 'object') return typeOf(additionalProperties, preserves);
    if (additionalProperties === undefined) return preserves || Object.keys(properties).length === 0 ? deduced : undefined;
    return additionalProperties ? deduced : undefined;
  };
  return {
    isAtomic: node['x-kubernetes-map-type'] === 'atomic',
    has: (name) => Object.hasOwn(properties, name),
    field(name) {
      const property = ownField(properties, name);
      return property === undefined ? other() : typeOf(property, preserves);
    },
    defaultOf: (name) => ownField(properties, name)?.default,
    isUntyped: Object.keys(properties).length === 0 && other() === deduced,
  };
}

/** Those of the three that the value may be; all of them where it is none, or null. */
export function deducedType(type: MergeType, value: Json | undefined): MergeType {
  if (value === undefined || value === null) return type;
  if (Array.isArray(value)) return type.list === undefined ? type : only('list', type);
  if (typeof value === 'object') return type.map === undefined ? type : only('map', type);
  return type.scalar === undefined ? type : only('scalar', type);
}

const parts = new WeakMap<MergeType, MergeType>();

/** The same part is the same value each time. */
function only(part: keyof MergeType, type: MergeType): MergeType {
  const { [part]: value, ...others } = type;
  if (Object.keys(others).length === 0) return type;
  const key = value as object;
  if (part === 'scalar') return untypedScalar;
  const kept = parts.get(key) ?? { [part]: value };
  parts.set(key, kept);
  return kept;
}

/** The scalar of types that may be something else, too. */
const untypedScalar: MergeType = { scalar: 'untyped' };
