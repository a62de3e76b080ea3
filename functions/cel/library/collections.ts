/** Functions of lists, sets and maps. Source: cel-go, ext/{lists,sets}.go; apiserver, pkg/cel/library/lists.go. */
import { compare, isEqual, type Meter } from '../values/equality.ts';
import { type CelValue, Duration, Failure, isList, isMap, type Result, Uint } from '../values/value.ts';
import { arithmetic } from './arithmetic.ts';
import type { CelFunction, Library } from './functions.ts';
import { characterCount } from './strings.ts';

type List = readonly CelValue[];

const ofList =
  (run: (list: List, rest: readonly CelValue[], meter: Meter) => Result | undefined): CelFunction =>
  ([list = null, ...rest], meter) =>
    isList(list) ? run(list, rest, meter) : undefined;

function isSorted(list: List, meter: Meter): boolean | undefined {
  for (const [index, item] of list.entries()) {
    meter.nodes += 1;
    const order = index === 0 ? 0 : compare(list[index - 1] ?? null, item);
    if (order === undefined) return undefined;
    if (order > 0) return false;
  }
  return true;
}

const extreme = (name: string, isBetter: (order: number) => boolean): CelFunction =>
  ofList((list, _, meter) => {
    let [best] = list;
    if (best === undefined) return new Failure(`${name} called on empty list`);
    meter.nodes += list.length;
    for (const item of list) {
      const order = compare(item, best);
      if (order === undefined) return undefined;
      if (isBetter(order)) best = item;
    }
    return best;
  });

function zeroLike(value: CelValue | undefined): CelValue {
  if (value instanceof Uint) return new Uint(0n);
  if (value instanceof Duration) return new Duration(0n);
  return typeof value === 'number' ? 0 : 0n;
}

function total(list: List, meter: Meter): Result | undefined {
  let sum: Result | undefined = zeroLike(list[0]);
  for (const item of list) {
    if (sum === undefined || sum instanceof Failure) return sum;
    sum = arithmetic['_+_']?.([sum, item], meter);
  }
  return sum;
}

const holds = (list: List, item: CelValue, meter: Meter): boolean => list.some((one) => isEqual(one, item, meter));

const setRelation =
  (relation: (one: List, other: List, meter: Meter) => boolean): CelFunction =>
  ([one = null, other = null], meter) =>
    isList(one) && isList(other) ? relation(one, other, meter) : undefined;

const coversAll = (one: List, other: List, meter: Meter): boolean => other.every((item) => holds(one, item, meter));

function sliced(list: List, [start, end]: readonly CelValue[]): Result | undefined {
  if (typeof start !== 'bigint' || typeof end !== 'bigint') return undefined;
  if (start < 0n || end < 0n) return new Failure(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end) return new Failure(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (end > list.length) return new Failure(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  return list.slice(Number(start), Number(end));
}

const flattenMax = 100;

function flattened(list: List, depth: bigint): Result {
  if (depth < 0n) return new Failure('level must be non-negative');
  const flat = (items: List, left: number): CelValue[] =>
    items.flatMap((item) => (isList(item) && left > 0 ? flat(item, left - 1) : [item]));
  return flat(list, Number(depth > flattenMax ? flattenMax : depth));
}

const rangeMax = 1_000_000n;

function sortedBy(list: List, keys: List): Result | undefined {
  if (list.length !== keys.length)
    return new Failure(`@sortByAssociatedKeys() expected a list of the same size as the associated keys list`);
  const [first] = keys;
  if (first !== undefined && keys.some((key) => compare(first, key) === undefined))
    return new Failure('list elements must have the same type');
  const order = keys.map((_, index) => index);
  order.sort((one, other) => compare(keys[one] ?? null, keys[other] ?? null) ?? 0);
  return order.map((index) => list[index] ?? null);
}

function distinct(list: List, meter: Meter): CelValue[] {
  const seen: CelValue[] = [];
  for (const item of list) if (!holds(seen, item, meter)) seen.push(item);
  return seen;
}

function size([value = null]: readonly CelValue[]): Result | undefined {
  if (typeof value === 'string') return BigInt(characterCount(value));
  if (value instanceof Uint8Array || isList(value)) return BigInt(value.length);
  return isMap(value) ? BigInt(value.size) : undefined;
}

export const collections: Library = {
  size,
  isSorted: ofList((list, _, meter) => isSorted(list, meter)),
  max: extreme('max', (order) => order > 0),
  min: extreme('min', (order) => order < 0),
  sum: ofList((list, _, meter) => total(list, meter)),
  indexOf: ofList((list, [item = null], meter) => BigInt(list.findIndex((one) => isEqual(one, item, meter)))),
  lastIndexOf: ofList((list, [item = null], meter) => BigInt(list.findLastIndex((one) => isEqual(one, item, meter)))),
  'sets.contains': setRelation(coversAll),
  'sets.equivalent': setRelation((one, other, meter) => coversAll(one, other, meter) && coversAll(other, one, meter)),
  'sets.intersects': setRelation((one, other, meter) => one.some((item) => holds(other, item, meter))),
  slice: ofList(sliced),
  flatten: ofList((list, [depth = 1n]) => (typeof depth === 'bigint' ? flattened(list, depth) : undefined)),
  'lists.range': ([count]) => {
    if (typeof count !== 'bigint') return undefined;
    if (count < 0n) return new Failure(`lists.range: size must be non-negative, got ${count}`);
    if (count > rangeMax) return new Failure(`lists.range() size ${count} exceeds maximum allowed size ${rangeMax}`);
    return Array.from({ length: Number(count) }, (_, index) => BigInt(index));
  },
  reverse: ofList((list) => list.toReversed()),
  distinct: ofList((list, _, meter) => distinct(list, meter)),
  sort: ofList((list) => sortedBy(list, list)),
  '@sortByAssociatedKeys': ofList((list, [keys = null]) => (isList(keys) ? sortedBy(list, keys) : undefined)),
};
