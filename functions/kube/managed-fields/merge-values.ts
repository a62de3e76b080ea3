/** What two values make when one is applied to the other. Source: structured-merge-diff, typed/merge.go. */
import type { Json, JsonObject } from '../object.ts';
import { ownField, setOwn } from '../own-field.ts';
import { deducedType, type ListType, type MapType, type MergeType } from './merge-type.ts';
import { asList, asMap, handle, hasNoParts, itemPath, itemsByPath, MergeError, type Value } from './merge-walk.ts';

/** `base` with the values of `change`. Undefined where nothing is left. Neither is changed; parts are shared. */
export function merged(base: Value, change: Value, type: MergeType): Value {
  const whole = change === undefined ? base : change;
  return handle(change === undefined ? deducedType(type, base) : deducedType(type, change), {
    scalar: () => whole,
    list: (list) => {
      const [before, after] = [asList(base), asList(change)];
      if (list.isAtomic || (hasNoParts(before) && hasNoParts(after))) return whole;
      return orUndefined(mergedItems(before ?? [], after ?? [], list));
    },
    map: (map) => {
      const [before, after] = [asMap(base), asMap(change)];
      if (map.isAtomic || (hasNoParts(before) && hasNoParts(after))) return whole;
      return orUndefined(mergedFields(before ?? {}, after ?? {}, map));
    },
  });
}

const orUndefined = (value: Json[] | JsonObject): Value => (hasNoParts(value) ? undefined : value);

function mergedFields(base: JsonObject, change: JsonObject, type: MapType): JsonObject {
  const result: JsonObject = {};
  for (const name of new Set([...Object.keys(base), ...Object.keys(change)])) {
    const part = merged(ownField(base, name), ownField(change, name), type.field(name) ?? {});
    if (part !== undefined) setOwn(result, name, part);
  }
  return result;
}

/** In the order of the change; items that only the base has stay behind the items that they were behind. */
function mergedItems(base: readonly Json[], change: readonly Json[], type: ListType): Json[] {
  const [baseItems, changeItems] = [itemsByPath(type, base), itemsByPath(type, change)];
  const elementOf = (item: Json): string => {
    const path = itemPath(type, item);
    if ('problem' in path) throw new MergeError([path.problem]);
    return path.element;
  };
  const [left, right] = [base.map(elementOf), change.map(elementOf)];
  const shared = right.filter((element) => baseItems.has(element));
  // Items that share a path are not merged.
  const baseOf = (element: string): Value => {
    const items = baseItems.get(element) ?? [];
    return items.length > 1 ? null : items[0];
  };
  const result: Json[] = [];
  const take = (before: Value, after: Value): void => {
    const item = merged(before, after, type.item());
    if (item !== undefined) result.push(item);
  };
  const takenFromChange = new Set<string>();
  const takeChange = (element: string): void => {
    takenFromChange.add(element);
    take(baseOf(element), changeItems.get(element)?.[0]);
  };
  let [l, r, nextShared] = [0, 0, 0];
  while (l < left.length || r < right.length) {
    const [leftElement, rightElement] = [left[l], right[r]];
    if (leftElement !== undefined && rightElement !== undefined) {
      if (leftElement === rightElement) {
        takeChange(leftElement);
        [l, r, nextShared] = [l + 1, r + 1, nextShared + 1];
        continue;
      }
      if (changeItems.has(leftElement) && nextShared < shared.length && shared[nextShared] !== leftElement) {
        l += 1;
        continue;
      }
    }
    if (leftElement !== undefined) {
      if (!changeItems.has(leftElement)) {
        take(base[l], undefined);
        l += 1;
        continue;
      }
      if (takenFromChange.has(leftElement)) l += 1;
    }
    if (rightElement !== undefined) {
      takeChange(rightElement);
      r += 1;
      if (shared[nextShared] === rightElement) nextShared += 1;
    }
  }
  return result;
}
