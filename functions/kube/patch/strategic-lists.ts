/**
 * Lists in strategic merge patches: merged by key, or as sets of scalars, and put in order.
 * Source: apimachinery, pkg/util/strategicpatch/patch.go.
 */
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { plainError } from '../status-error.ts';
import {
  badPatchFormat,
  goText,
  listsOfLists,
  mergeKeyOf,
  patchDirective,
  patchFailure,
  unknownDirective,
} from './strategic-directives.ts';

/** How two items of the same key become one. */
export type MergeItems = (original: JsonObject, patch: JsonObject) => JsonObject;

interface ListMerge {
  /** The key by which elements are merged; empty for lists of scalars. */
  readonly mergeKey: string;
  readonly mergeItems: MergeItems;
}

/** The original with the patch merged in; items of the patch take the patch's order. */
export function mergedList(original: readonly Json[], patch: readonly Json[], merge: ListMerge): Json[] {
  if (original.length === 0 && patch.length === 0) return [];
  if (itemType(original, patch) !== 'object') return inOrder([...new Set([...original, ...patch])], patch, original, '');
  if (merge.mergeKey === '') throw patchFailure('cannot merge lists without merge key for struct');
  const { remaining, additions } = withoutSpecialItems(original, patch, merge.mergeKey);
  return inOrder(mergedItems(remaining, additions, merge), additions, remaining, merge.mergeKey);
}

type ItemType = 'object' | 'list' | 'string' | 'number' | 'boolean' | 'null';

function typeOf(item: Json): ItemType {
  if (item === null) return 'null';
  if (Array.isArray(item)) return 'list';
  if (typeof item === 'object') return 'object';
  return typeof item === 'string' ? 'string' : typeof item === 'number' ? 'number' : 'boolean';
}

/** The type that all items of both lists share. */
function itemType(...lists: (readonly Json[])[]): ItemType {
  const [type = 'string', ...others] = new Set(lists.flat(1).map(typeOf));
  if (type === 'list') throw listsOfLists();
  if (others.length > 0) throw plainError(`list element types are not identical: [${lists.map((list) => goText([...list])).join(' ')}]`);
  return type;
}

/** Carries out `$patch` of single items: `delete` removes its namesakes, `replace` starts from nothing. */
function withoutSpecialItems(
  original: readonly Json[],
  patch: readonly Json[],
  mergeKey: string,
): { remaining: Json[]; additions: Json[] } {
  const additions: Json[] = [];
  const deleted = new Set<Json>();
  let replaces = false;
  for (const item of patch) {
    const directive = isJsonObject(item) ? item[patchDirective] : undefined;
    if (directive === undefined) additions.push(item);
    else if (directive === 'delete') deleted.add(mergeKeyOf(item, mergeKey));
    else if (directive === 'replace') replaces = true;
    else if (directive === 'merge') throw patchFailure('merging lists cannot yet be specified in the patch');
    else throw unknownDirective(directive, isJsonObject(item) ? item : {});
  }
  if (replaces) return { remaining: additions, additions: [] };
  return { remaining: original.filter((item) => !deleted.has(isJsonObject(item) ? (item[mergeKey] ?? null) : null)), additions };
}

function mergedItems(original: readonly Json[], patch: readonly Json[], { mergeKey, mergeItems }: ListMerge): Json[] {
  const result = [...original];
  for (const item of patch) {
    const key = mergeKeyOf(item, mergeKey);
    const index = result.findIndex((other) => isJsonObject(other) && other[mergeKey] === key);
    const current = result[index];
    if (isJsonObject(current) && isJsonObject(item)) result[index] = mergeItems(current, item);
    else result.push(item);
  }
  return result;
}

/**
 * Items that `patchOrder` names follow its order, all others the server's. Where the two meet, an item of the server
 * comes first if it stood before its rival there.
 *
 *   server: a b c d    patch order: d b    ->    a c d b
 */
export function inOrder(items: readonly Json[], patchOrder: readonly Json[], serverOrder: readonly Json[], mergeKey: string): Json[] {
  const patchIndex = indexes(patchOrder, mergeKey);
  const serverIndex = indexes(serverOrder, mergeKey);
  const place = (index: ReadonlyMap<Json, number>, item: Json): number => index.get(mergeKeyOf(item, mergeKey)) ?? -1;
  const patched = items.filter((item) => place(patchIndex, item) >= 0).sort((a, b) => place(patchIndex, a) - place(patchIndex, b));
  const untouched = items.filter((item) => place(patchIndex, item) < 0).sort((a, b) => place(serverIndex, a) - place(serverIndex, b));

  const result: Json[] = [];
  for (const item of patched) {
    const limit = place(serverIndex, item);
    while (untouched[0] !== undefined && limit >= 0 && isBefore(place(serverIndex, untouched[0]), limit)) {
      result.push(...untouched.splice(0, 1));
    }
    result.push(item);
  }
  return [...result, ...untouched];
}

const isBefore = (index: number, limit: number): boolean => index >= 0 && index < limit;

/**
 * The server's order, when a patch deletes and adds at once: upstream lets added items move into the places that the
 * deleted ones left at the end. So as many of them count as the server's.
 */
export function orderAfterDeletion(current: readonly Json[], patch: readonly Json[], mergeKey: string): readonly Json[] {
  const isDeletion = (item: Json): boolean => isJsonObject(item) && item[patchDirective] === 'delete';
  const deletedKeys = new Set(patch.filter(isDeletion).map((item) => mergeKeyOf(item, mergeKey)));
  if (deletedKeys.size === 0) return current;
  const remaining = current.filter((item) => !deletedKeys.has(mergeKeyOf(item, mergeKey)));
  const known = new Set(remaining.map((item) => mergeKeyOf(item, mergeKey)));
  const added = patch.filter((item) => !isDeletion(item) && !known.has(mergeKeyOf(item, mergeKey)));
  return [...remaining, ...added.slice(0, current.length - remaining.length)];
}

/** Where each key stands; the first one counts. */
function indexes(items: readonly Json[], mergeKey: string): Map<Json, number> {
  const result = new Map<Json, number>();
  for (const [index, item] of items.entries()) {
    const key = mergeKeyOf(item, mergeKey);
    if (!result.has(key)) result.set(key, index);
  }
  return result;
}

/** The items that a patch sets must come in the order that it asks for. */
export function checkOrder(patch: readonly Json[], order: Json, mergeKey: string): asserts order is Json[] {
  if (!Array.isArray(order)) throw badPatchFormat('setElementOrder list');
  if (order.length === 0) return;
  const keys = patch.filter((item) => !isJsonObject(item) || item[patchDirective] === undefined).map((item) => mergeKeyOf(item, mergeKey));
  let next = 0;
  for (const item of order) if (next < keys.length && mergeKeyOf(item, mergeKey) === keys[next]) next += 1;
  if (next === keys.length) return;
  throw patchFailure(`The order in patch list:\n${goText([...patch])}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
}
