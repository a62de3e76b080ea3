/** What all walks over typed values need: paths of items, and what is wrong with a value. */
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { ownField } from '../own-field.ts';
import { deducedType, type ListType, type MergeType, type ScalarType } from './merge-type.ts';
import { keyElement, valueElement } from './path-element.ts';

/** The value does not fit its schema. Each message begins with a path. */
export class MergeError extends Error {
  constructor(errors: readonly string[]) {
    super(errors.length === 1 ? errors[0] : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n'));
  }
}

export type Value = Json | undefined;

export const asMap = (value: Value): JsonObject | undefined => (isJsonObject(value) ? value : undefined);
export const asList = (value: Value): Json[] | undefined => (Array.isArray(value) ? value : undefined);

export interface Handlers<Result> {
  map(type: NonNullable<MergeType['map']>): Result;
  scalar(type: ScalarType): Result;
  list(type: ListType): Result;
}

/** Walks the value as what it is. */
export function handle<Result>(type: MergeType, handlers: Handlers<Result>): Result {
  if (type.map !== undefined) return handlers.map(type.map);
  if (type.scalar !== undefined) return handlers.scalar(type.scalar);
  if (type.list !== undefined) return handlers.list(type.list);
  throw new MergeError(['schema error: invalid atom: inlined']);
}

export type ItemPath = { readonly element: string } | { readonly problem: string };

/** The path of an item of an associative list. */
export function itemPath(list: ListType, item: Json): ItemPath {
  return list.keys.length > 0 ? keyedPath(list, item) : memberPath(item);
}

function keyedPath({ keys, item: itemType }: ListType, item: Json): ItemPath {
  if (item === null) return { problem: 'associative list with keys may not have a null element' };
  if (!isJsonObject(item)) return { problem: 'associative list with keys may not have non-map elements' };
  const { map } = deducedType(itemType(), item);
  const found = keys.flatMap((key): [string, Json][] => {
    const value = ownField(item, key) ?? map?.defaultOf(key);
    return value === undefined ? [] : [[key, value]];
  });
  if (found.length === 0) {
    const names = keys.map((key) => JSON.stringify(key)).join(' ');
    return {
      problem: `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    };
  }
  return { element: keyElement(found.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

function memberPath(item: Json): ItemPath {
  if (item === null) return { problem: "associative list without keys has an element that's an explicit null" };
  if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' };
  if (isJsonObject(item)) return { problem: "associative list without keys has an element that's a map type" };
  return { element: valueElement(item) };
}

/** The items by their paths, in order. */
export function itemsByPath(list: ListType, items: readonly Json[] = []): Map<string, Json[]> {
  const found = new Map<string, Json[]>();
  for (const item of items) {
    const path = itemPath(list, item);
    if ('problem' in path) throw new MergeError([path.problem]);
    const same = found.get(path.element);
    if (same === undefined) found.set(path.element, [item]);
    else same.push(item);
  }
  return found;
}

/** Nothing, or nothing in it: such values differ from absent ones as a whole. */
export const hasNoParts = (value: Json[] | JsonObject | undefined): boolean =>
  value === undefined || (Array.isArray(value) ? value.length : Object.keys(value).length) === 0;
