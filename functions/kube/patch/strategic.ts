/**
 * Strategic merge patches: like merge patches, but lists merge by the keys that the schema declares, and directives do
 * what a merge cannot. Source: apimachinery, pkg/util/strategicpatch/patch.go.
 */
import { copy } from '../copy.ts';
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { ownField, setOwn } from '../own-field.ts';
import type { SchemaNode } from '../schema-definitions.ts';
import { referredName, resolved, shortName, valueNodeOf } from '../schema-definitions.ts';
import type { Schema } from '../schema.ts';
import { badRequest } from '../status-error.ts';
import {
  badPatchFormat,
  patchDirective,
  patchFailure,
  patchFieldOf,
  plainValue,
  retainKeysDirective,
  unknownDirective,
  wrongType,
} from './strategic-directives.ts';
import { checkOrder, inOrder, mergedList, orderAfterDeletion } from './strategic-lists.ts';

/** A struct of the schema; its name is for errors. */
interface Place {
  readonly node: SchemaNode;
  readonly name: string;
}

/** The patched document; neither argument is changed. Throws what upstream answers to a bad patch. */
export function applyStrategicMergePatch(doc: JsonObject, patch: Json, schema: Pick<Schema, 'name' | 'node'>): JsonObject {
  if (patch === null) return copy(doc);
  if (!isJsonObject(patch))
    throw badRequest(
      `json: cannot unmarshal ${Array.isArray(patch) ? 'array' : typeof patch} into Go value of type map[string]interface {}`,
    );
  return mergedObject(copy(doc), copy(patch), { node: schema.node, name: shortName(schema.name) });
}

function mergedObject(original: JsonObject, patch: JsonObject, place: Place): JsonObject {
  const directive = patch[patchDirective];
  if (directive !== undefined) return directedObject(directive, patch);
  const result = retained(original, patch);
  const ordered = mergeOrderedLists(result, patch, place);
  for (const [key, value] of Object.entries(patch)) {
    const field = patchFieldOf(key);
    if (field.kind === 'deletion') deleteFromList(result, field.name, value);
    else if (field.kind === 'field' && !ordered.has(key)) mergeField(result, key, value, place);
  }
  return result;
}

function directedObject(directive: Json, patch: JsonObject): JsonObject {
  if (directive === 'delete') return {};
  if (directive !== 'replace') throw unknownDirective(directive, patch);
  const { [patchDirective]: _, ...rest } = patch;
  return rest;
}

/** The fields that `$retainKeys` leaves. It has to name everything that the patch sets. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[retainKeysDirective];
  if (keys === undefined) return original;
  if (!Array.isArray(keys)) throw badPatchFormat('retainKeys');
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null && patchFieldOf(key).kind === 'field' && !keys.includes(key)) throw badPatchFormat('retainKeys');
  }
  return Object.fromEntries(Object.entries(original).filter(([field]) => keys.includes(field)));
}

function deleteFromList(target: JsonObject, field: string, items: Json): void {
  const current = ownField(target, field);
  if (items === null) delete target[field];
  else if (Array.isArray(current) && Array.isArray(items)) target[field] = current.filter((item) => !items.includes(item));
}

function mergeField(target: JsonObject, field: string, value: Json, place: Place): void {
  const current = ownField(target, field);
  if (value === null) delete target[field];
  else if (isJsonObject(current) && isJsonObject(value)) setOwn(target, field, mergedStruct(current, value, childOf(place, field)));
  else if (Array.isArray(current) && Array.isArray(value)) target[field] = mergedSlice(current, value, childOf(place, field));
  else setField(target, field, plainValue(value));
}

function setField(target: JsonObject, field: string, value: Json | undefined): void {
  if (value === undefined) delete target[field];
  else setOwn(target, field, value);
}

/** The schema of a field, before its reference is followed: that is where patch strategies are. */
function childOf({ node, name }: Place, field: string): SchemaNode {
  const values = valueNodeOf(node);
  // Go's structs of free JSON have no fields that a patch could name.
  if (node.properties === undefined && (name === '' || values !== undefined)) return values ?? {};
  const child = node.properties === undefined ? undefined : ownField(node.properties, field);
  if (child === undefined) throw patchFailure(`unable to find api field in struct ${name} for the json field ${JSON.stringify(field)}`);
  return child;
}

const placeOf = (node: SchemaNode): Place => ({ node: resolved(node), name: shortName(referredName(node) ?? '') });

/** `retainKeys` is no strategy of its own: it only allows the directive. */
const strategyOf = (node: SchemaNode): string | undefined =>
  node['x-kubernetes-patch-strategy']?.split(',').find((strategy) => strategy !== 'retainKeys');

const mergedStruct = (current: JsonObject, patch: JsonObject, node: SchemaNode): JsonObject =>
  strategyOf(node) === 'replace' ? patch : mergedObject(current, patch, placeOf(node));

function mergedSlice(current: readonly Json[], patch: Json[], node: SchemaNode): Json[] {
  if (strategyOf(node) !== 'merge') return patch;
  const items = placeOf(node.items ?? {});
  return mergedList(current, patch, {
    mergeKey: node['x-kubernetes-patch-merge-key'] ?? '',
    mergeItems: (original, item) => mergedObject(original, item, items),
  });
}

/** Merges the lists that have a `$setElementOrder` beside them, and answers with their names. */
function mergeOrderedLists(target: JsonObject, patch: JsonObject, place: Place): ReadonlySet<string> {
  const done = new Set<string>();
  for (const [key, order] of Object.entries(patch)) {
    const field = patchFieldOf(key);
    if (field.kind !== 'order') continue;
    const node = childOf(place, field.name);
    const merged = orderedList(listOf(target, field.name), listOf(patch, field.name), order, node);
    if (merged !== undefined) target[field.name] = merged;
    done.add(field.name);
  }
  return done;
}

function listOf(object: JsonObject, field: string): Json[] | undefined {
  const value = ownField(object, field);
  if (value === undefined || Array.isArray(value)) return value;
  throw wrongType('list', value);
}

function orderedList(current: Json[] | undefined, patch: Json[] | undefined, order: Json, node: SchemaNode): Json[] | undefined {
  const mergeKey = node['x-kubernetes-patch-merge-key'] ?? '';
  checkOrder(patch ?? [], order, mergeKey);
  if (current === undefined && patch === undefined) return undefined;
  const plain = current === undefined ? plainValue(patch ?? []) : patch === undefined ? current : mergedSlice(current, patch, node);
  return Array.isArray(plain) ? inOrder(plain, order, orderAfterDeletion(current ?? [], patch ?? [], mergeKey), mergeKey) : undefined;
}
