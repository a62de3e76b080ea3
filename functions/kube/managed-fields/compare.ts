/** Which fields differ between two values. Source: structured-merge-diff, typed/compare.go. */
import { deepEqual } from '../equality.ts';
import type { Json } from '../object.ts';
import { ownField } from '../own-field.ts';
import { type FieldSet, member, memberWith, noFields, union } from './field-set.ts';
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
  const { removed = noFields, modified = noFields, added = noFields } = compareValues({ before, after }, type);
  return { removed, modified, added };
}

interface Pair {
  readonly before: Value;
  readonly after: Value;
}

/** Nodes of the three sets at one place of the value: absent where nothing below it, nor itself, is in the set. */
type Difference = Partial<Comparison>;

const same: Difference = {};
const sorts = ['removed', 'modified', 'added'] as const;

function compareValues(pair: Pair, type: MergeType): Difference {
  const { before, after } = pair;
  // A value that did not change has nothing to report, whatever its type.
  if (before === after) return same;
  const [typeBefore, typeAfter] = [deducedType(type, before), deducedType(type, after)];
  const difference = compareAs(pair, after === undefined ? typeBefore : typeAfter);
  if (before === undefined || after === undefined || typeBefore === typeAfter) return difference;
  return joined(compareAs(pair, typeBefore), difference);
}

function joined(a: Difference, b: Difference): Difference {
  const result: { -readonly [sort in keyof Comparison]?: FieldSet } = {};
  for (const sort of sorts) {
    // Nodes are joined as children of one root, since a root has no mark of its own.
    const { node } = union({ ...(a[sort] && { node: a[sort] }) }, { ...(b[sort] && { node: b[sort] }) });
    if (node !== undefined) result[sort] = node;
  }
  return result;
}

const compareAs = (pair: Pair, type: MergeType): Difference =>
  handle(type, { scalar: () => leaf(pair), list: (list) => compareLists(pair, list), map: (map) => compareMaps(pair, map) });

/** A value that has an owner as a whole. */
function leaf({ before, after }: Pair): Difference {
  if (before === undefined) return { added: member };
  if (after === undefined) return { removed: member };
  return deepEqual(before, after) ? same : { modified: member };
}

type Children = Record<string, FieldSet>;

/** Collects what differs in the parts of a value. */
class Parts {
  readonly #children: { -readonly [sort in keyof Comparison]?: Children } = {};

  add(element: string, difference: Difference): void {
    for (const sort of sorts) {
      const node = difference[sort];
      if (node !== undefined) (this.#children[sort] ??= {})[element] = node;
    }
  }

  /** A value that is there on one side only is in the set itself. */
  of({ before, after }: Pair): Difference {
    const { removed, modified, added } = this.#children;
    return {
      ...(after === undefined ? { removed: memberWith(removed) } : removed && { removed }),
      ...(modified && { modified }),
      ...(before === undefined ? { added: memberWith(added) } : added && { added }),
    };
  }
}

function compareMaps(pair: Pair, type: MapType): Difference {
  const [before, after] = [asMap(pair.before), asMap(pair.after)];
  if (type.isAtomic || (hasNoParts(before) && hasNoParts(after))) return leaf(pair);
  const parts = new Parts();
  const compareField = (name: string, field: Pair): void => {
    const fieldType = type.field(name);
    if (fieldType !== undefined) parts.add(fieldElement(name), compareValues(field, fieldType));
  };
  for (const name in before) compareField(name, { before: before[name], after: after && ownField(after, name) });
  for (const name in after) {
    if (before === undefined || !Object.hasOwn(before, name)) compareField(name, { before: undefined, after: after[name] });
  }
  return parts.of(pair);
}

function compareLists(pair: Pair, type: ListType): Difference {
  const [before, after] = [asList(pair.before), asList(pair.after)];
  if (type.isAtomic || (hasNoParts(before) && hasNoParts(after))) return leaf(pair);
  const [itemsBefore, itemsAfter] = [itemsByPath(type, before), itemsByPath(type, after)];
  const parts = new Parts();
  for (const element of new Set([...itemsBefore.keys(), ...itemsAfter.keys()])) {
    const items = { before: itemsBefore.get(element) ?? [], after: itemsAfter.get(element) ?? [] };
    parts.add(element, compareItems(items, type.item()));
  }
  return parts.of(pair);
}

/** Items that share a path are owned together, whatever is in them. */
function compareItems({ before, after }: Readonly<Record<keyof Pair, Json[]>>, type: MergeType): Difference {
  if (before.length <= 1 && after.length <= 1) return compareValues({ before: before[0], after: after[0] }, type);
  if (before.length >= 2 && after.length >= 2) return deepEqual(before, after) ? same : { modified: member };
  if (before.length >= 2) return joined(compareValues({ before: undefined, after: after[0] }, type), { removed: member });
  return joined(compareValues({ before: before[0], after: undefined }, type), { added: member });
}
