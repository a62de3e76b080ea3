/**
 * The fields of a value, and the value without some of them.
 * Source: structured-merge-diff, typed/{tofieldset,remove,reconcile_schema}.go.
 */
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { setOwn } from '../own-field.ts';
import { asMember, below, type FieldSet, hasElement, isEmpty, member, noFields, withNamed } from './field-set.ts';
import { deducedType, type ListType, type MapType, type MergeType } from './merge-type.ts';
import { asList, asMap, handle, hasNoParts, itemPath, itemsByPath } from './merge-walk.ts';
import { fieldElement, fieldName, isKey } from './path-element.ts';

/** All fields of the value. */
export const fieldsOf = (value: Json, type: MergeType): FieldSet => nodeFor(value, type) ?? noFields;

/** The node of the value in the set; undefined where neither it nor a part of it is in it. */
const nodeFor = (value: Json, type: MergeType): FieldSet | undefined =>
  handle(deducedType(type, value), {
    scalar: () => member,
    list: (list) => (list.isAtomic ? member : itemNodes(asList(value) ?? [], list)),
    map: (map) => (map.isAtomic ? member : fieldNodes(asMap(value) ?? {}, map)),
  });

function itemNodes(items: readonly Json[], list: ListType): FieldSet | undefined {
  const nodes = [...itemsByPath(list, items)].map(([element, [item = null, ...others]]): [string, FieldSet] => {
    // Items that share a path are one field.
    const node = others.length > 0 ? member : (nodeFor(item, list.item()) ?? member);
    return [element, asMember(node)];
  });
  return nodes.length === 0 ? undefined : Object.fromEntries(nodes);
}

function fieldNodes(fields: JsonObject, map: MapType): FieldSet | undefined {
  const nodes: Record<string, FieldSet> = {};
  let isNone = true;
  for (const [name, part] of Object.entries(fields)) {
    const type = map.field(name);
    const node = type === undefined ? undefined : nodeFor(part, type);
    const isOwnMember = part === null || (isJsonObject(part) && hasNoParts(part)) || !map.has(name);
    const kept = isOwnMember ? asMember(node ?? member) : node;
    if (kept === undefined) continue;
    nodes[fieldElement(name)] = kept;
    isNone = false;
  }
  return isNone ? undefined : nodes;
}

/** The set with the fields of structs on the way to its members. */
export const withNamedFields = (set: FieldSet, type: MergeType): FieldSet =>
  withNamed<MergeType>(set, type, {
    isNamed: ({ map }, element) => {
      const name = fieldName(element);
      return name !== undefined && map?.has(name) === true;
    },
    step({ map, list }, element) {
      const name = fieldName(element);
      if (name !== undefined) return map?.field(name) ?? {};
      return isKey(element) ? (list?.item() ?? {}) : {};
    },
  });

/** The value without the fields of the set. Null where nothing is left. */
export function without(value: Json, fields: FieldSet, type: MergeType): Json {
  return handle<Json>(deducedType(type, value), {
    scalar: () => value,
    list: (list) => {
      const items = asList(value);
      if (items === undefined || items.length === 0 || list.isAtomic) return null;
      const kept = items.flatMap((item) => keptItem(item, fields, list));
      return kept.length === 0 ? null : kept;
    },
    map: (map) => {
      const parts = asMap(value);
      if (parts === undefined || hasNoParts(parts) || map.isAtomic) return null;
      const kept: JsonObject = {};
      for (const [name, part] of Object.entries(parts)) {
        const element = fieldElement(name);
        if (hasElement(fields, element)) continue;
        const inner = below(fields, element);
        setOwn(kept, name, isEmpty(inner) ? part : without(part, inner, map.field(name) ?? {}));
      }
      return hasNoParts(kept) ? null : kept;
    },
  });
}

function keptItem(item: Json, fields: FieldSet, list: ListType): Json[] {
  const path = itemPath(list, item);
  if ('problem' in path) return [item];
  if (hasElement(fields, path.element)) return [];
  const inner = below(fields, path.element);
  return [isEmpty(inner) ? item : without(item, inner, list.item())];
}

/**
 * The set as the schema would have it now. A map or list that had owners of its parts may be owned whole by now.
 * Source: structured-merge-diff, typed/reconcile_schema.go.
 */
export function reconciled(set: FieldSet, type: MergeType): FieldSet {
  const node = reconciledNode(set, type, false);
  return node === whole ? noFields : node;
}

const whole: FieldSet = {};

function reconciledNode(node: FieldSet, type: MergeType, isRoot: boolean): FieldSet {
  const { map, list } = type;
  if (map?.isUntyped === true) return node;
  const isAtomic = map === undefined ? list?.isAtomic === true : map.isAtomic;
  if (isAtomic && !isRoot && !isEmpty(node)) return whole;
  let isChanged = false;
  const entries = Object.entries(node).map(([element, child]): [string, FieldSet] => {
    const name = fieldName(element);
    const childType = name === undefined ? list?.item() : map?.field(name);
    if (element === '.' || childType === undefined) return [element, child];
    const next = reconciledNode(child, childType, false);
    isChanged ||= next !== child;
    return [element, next];
  });
  return isChanged ? Object.fromEntries(entries) : node;
}
