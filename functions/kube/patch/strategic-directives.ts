/**
 * The directives of strategic merge patches, and upstream's errors for wrong ones.
 * Source: apimachinery, pkg/util/strategicpatch/patch.go, pkg/util/mergepatch/errors.go;
 * apiserver, pkg/endpoints/handlers/patch.go (which of them are whose fault).
 */
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { setOwn } from '../own-field.ts';
import { StatusError, badRequest, plainError } from '../status-error.ts';

export const patchDirective = '$patch';
export const retainKeysDirective = '$retainKeys';
const deletionPrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';

/** What a field of a patch is: the field itself, or a directive about a list beside it. */
export type PatchField =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'deletion'; readonly name: string }
  | { readonly kind: 'order'; readonly name: string }
  | { readonly kind: 'retainKeys' };

export function patchFieldOf(key: string): PatchField {
  if (key === retainKeysDirective) return { kind: 'retainKeys' };
  if (key.startsWith(deletionPrefix)) return { kind: 'deletion', name: listName(key, deletionPrefix, 'primitive list') };
  if (key.startsWith(orderPrefix)) return { kind: 'order', name: listName(key, orderPrefix, 'setElementOrder list') };
  return { kind: 'field', name: key };
}

/** `containers` of `$setElementOrder/containers`. */
function listName(key: string, prefix: string, what: string): string {
  if (!key.startsWith(`${prefix}/`)) throw badPatchFormat(what);
  return key.slice(prefix.length + 1);
}

export const badPatchFormat = (what: string): StatusError => badRequest(`invalid patch format of ${what}`);

export const listsOfLists = (): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', { details: {} });

/** Mistakes that upstream notices but does not count as the client's. */
export const patchFailure = plainError;

export const unknownDirective = (directive: Json, patch: JsonObject): StatusError =>
  patchFailure(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);

export const wrongType = (expected: 'object' | 'list', value: Json): StatusError =>
  patchFailure(`expected a ${expected === 'object' ? 'map[string]interface {}' : '[]interface {}'}, but received a ${goType(value)}`);

/** The value by which an item is known. */
export function mergeKeyOf(item: Json, mergeKey: string): Json {
  if (mergeKey === '') return item;
  if (!isJsonObject(item)) throw wrongType('object', item);
  const key = item[mergeKey];
  if (key === undefined) throw patchFailure(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  return key;
}

function goType(value: Json): string {
  if (value === null) return '%!s(<nil>)';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** Go's %v. */
export function goText(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${fields.map(([field, part]) => `${field}:${goText(part)}`).join(' ')}]`;
}

/**
 * A value that meets nothing to be merged with: its nulls have nothing to delete. Undefined when the value itself is a
 * directive, for then there is nothing to set.
 */
export function plainValue(value: Json): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => (item === null ? null : plainValue(item))).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, patchDirective)) return undefined;
  const result: JsonObject = {};
  for (const [field, part] of Object.entries(value)) {
    const plain = part === null ? undefined : plainValue(part);
    if (plain !== undefined) setOwn(result, field, plain);
  }
  return result;
}
