/** Which fields differ between two values. Source: structured-merge-diff, typed/compare.go. */
import { deepEqual } from '../equality.ts';
import type { Json, JsonObject } from '../object.ts';
import { ownField } from '../own-field.ts';
import { FieldCollector, type FieldSet } from './field-set.ts';
import { deducedType, type ListType, type MapType, type MergeType } from './merge-type.ts';
import { asList, asMap, handle, hasNoParts, itemsByPath, type Value } from './merge-walk.ts';
import { fieldElement } from './path-element.ts';

/** No field is in more than one of them. */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

export function compare(before: Value, after: Value, type: MergeType): Comparison {
  const walk: Walk = { path: [], removed: new FieldCollector(), modified: new FieldCollector(), added: new FieldCollector() };
  compareValues(walk, { before, after }, type);
  return { removed: walk.removed.fields, modified: walk.modified.fields, added: walk.added.fields };
}

interface Walk {
  readonly path: string[];
  readonly removed: FieldCollector;
  readonly modified: FieldCollector;
  readonly added: FieldCollector;
}

interface Pair {
  readonly before: Value;
  readonly after: Value;
}

function compareValues(walk: Walk, pair: Pair, type: MergeType): void {
  const { before, after } = pair;
  // A value that did not change has nothing to report, whatever its type.
  if (before === after) return;
  const [typeBefore, typeAfter] = [deducedType(type, before), deducedType(type, after)];
  if (before !== undefined && after !== undefined && typeBefore !== typeAfter) compareAs(walk, pair, typeBefore);
  const isLeaf = compareAs(walk, pair, after === undefined ? typeBefore : typeAfter);
  if (isLeaf || walk.path.length === 0) return;
  if (before === undefined) walk.added.add(walk.path);
  else if (after === undefined) walk.removed.add(walk.path);
}

/** Answers whether the value has an owner as a whole. */
const compareAs = (walk: Walk, pair: Pair, type: MergeType): boolean =>
  handle(type, {
    scalar: () => leaf(walk, pair),
    list: (list) => compareLists(walk, pair, list),
    map: (map) => compareMaps(walk, pair, map),
  });

function leaf(walk: Walk, { before, after }: Pair): true {
  if (walk.path.length === 0) return true;
  if (before === undefined) walk.added.add(walk.path);
  else if (after === undefined) walk.removed.add(walk.path);
  else if (!deepEqual(before, after)) walk.modified.add(walk.path);
  return true;
}

function compareMaps(walk: Walk, pair: Pair, type: MapType): boolean {
  const [before, after] = [asMap(pair.before), asMap(pair.after)];
  if (type.isAtomic || (hasNoParts(before) && hasNoParts(after))) return leaf(walk, pair);
  for (const name of fieldNames(before, after)) {
    const fieldType = type.field(name);
    if (fieldType === undefined) continue;
    at(walk, fieldElement(name), { before: before && ownField(before, name), after: after && ownField(after, name) }, fieldType);
  }
  return false;
}

function fieldNames(before: JsonObject = {}, after: JsonObject = {}): string[] {
  const names = Object.keys(before);
  return [...names, ...Object.keys(after).filter((name) => !Object.hasOwn(before, name))];
}

function at(walk: Walk, element: string, pair: Pair, type: MergeType): void {
  if (pair.before === undefined && pair.after === undefined) return;
  walk.path.push(element);
  compareValues(walk, pair, type);
  walk.path.pop();
}

function compareLists(walk: Walk, pair: Pair, type: ListType): boolean {
  const [before, after] = [asList(pair.before), asList(pair.after)];
  if (type.isAtomic || (hasNoParts(before) && hasNoParts(after))) return leaf(walk, pair);
  const [itemsBefore, itemsAfter] = [itemsByPath(type, before), itemsByPath(type, after)];
  for (const element of new Set([...itemsBefore.keys(), ...itemsAfter.keys()])) {
    compareItems(walk, element, { before: itemsBefore.get(element) ?? [], after: itemsAfter.get(element) ?? [] }, type.item());
  }
  return false;
}

/** Items that share a path are owned together, whatever is in them. */
function compareItems(walk: Walk, element: string, { before, after }: Readonly<Record<keyof Pair, Json[]>>, type: MergeType): void {
  const path = [...walk.path, element];
  if (before.length <= 1 && after.length <= 1) {
    at(walk, element, { before: before[0], after: after[0] }, type);
  } else if (before.length >= 2 && after.length >= 2) {
    if (!deepEqual(before, after)) walk.modified.add(path);
  } else if (before.length >= 2) {
    at(walk, element, { before: undefined, after: after[0] }, type);
    walk.removed.add(path);
  } else {
    at(walk, element, { before: before[0], after: undefined }, type);
    walk.added.add(path);
  }
}
