/**
 * An immutable sorted map from text. A change makes a new tree that shares all but one path with the old one. So an older
 * snapshot costs nothing while the newest moves on. Order is that of JavaScript strings.
 */

interface Leaf<V> {
  readonly keys: readonly string[];
  readonly values: readonly V[];
  readonly children?: undefined;
}

interface Inner<V> {
  /** The smallest key below each child. */
  readonly keys: readonly string[];
  readonly children: readonly Tree<V>[];
}

type Tree<V> = Leaf<V> | Inner<V>;

/** Undefined: there is no such key. */
export interface Difference<V> {
  readonly key: string;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** A node that grows past this is split in half. */
const fanOut = 32;

export class SortedTree<V> {
  readonly size: number;
  readonly #root: Tree<V>;
  /** A weak reference, since old trees are many and each full list is long. */
  #values: WeakRef<readonly V[]> | undefined;

  constructor(root: Tree<V> = { keys: [], values: [] }, size = 0) {
    this.#root = root;
    this.size = size;
  }

  get(key: string): V | undefined {
    let node = this.#root;
    while (node.children !== undefined) {
      const child: Tree<V> | undefined = node.children[childIndex(node.keys, key)];
      if (child === undefined) return undefined;
      node = child;
    }
    const index = lowerBound(node.keys, key);
    return node.keys[index] === key ? node.values[index] : undefined;
  }

  with(key: string, value: V): SortedTree<V> {
    const grown = this.get(key) === undefined ? 1 : 0;
    const [first, second] = put(this.#root, key, value);
    const root = second === undefined ? first : inner([first, second]);
    return new SortedTree(root, this.size + grown);
  }

  without(key: string): SortedTree<V> {
    if (this.get(key) === undefined) return this;
    const root = remove(this.#root, key);
    return root === undefined ? new SortedTree() : new SortedTree(withoutIdleRoots(root), this.size - 1);
  }

  /** All values in key order. The same array as long as a caller holds it. */
  values(): readonly V[] {
    const kept = this.#values?.deref();
    if (kept !== undefined) return kept;
    const values = Object.freeze(this.range());
    this.#values = new WeakRef(values);
    return values;
  }

  /**
   * Where this tree has another value than `before`, in key order. What the two share is skipped, so that this takes as
   * long as they differ.
   */
  since(before: SortedTree<V>): readonly Difference<V>[] {
    return differences([before.#root], [this.#root]);
  }

  /** Values with from ≤ key < to. */
  range(from = '', to?: string): V[] {
    const found: V[] = [];
    collect(this.#root, { from, to, found });
    return found;
  }
}

const inner = <V>(children: readonly Tree<V>[]): Inner<V> => ({ keys: children.map((child) => child.keys[0] ?? ''), children });

/** The first index whose key is not smaller. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function childIndex(keys: readonly string[], key: string): number {
  const index = lowerBound(keys, key);
  return keys[index] === key ? index : Math.max(0, index - 1);
}

function put<V>(node: Tree<V>, key: string, value: V): readonly [Tree<V>, Tree<V>?] {
  if (node.children === undefined) return putInLeaf(node, key, value);
  const index = childIndex(node.keys, key);
  const child = node.children[index];
  if (child === undefined) throw new Error('an inner node without children');
  const parts = put(child, key, value).filter((part) => part !== undefined);
  const children = node.children.toSpliced(index, 1, ...parts);
  if (children.length <= fanOut) return [inner(children)];
  const half = children.length >>> 1;
  return [inner(children.slice(0, half)), inner(children.slice(half))];
}

function putInLeaf<V>(leaf: Leaf<V>, key: string, value: V): readonly [Tree<V>, Tree<V>?] {
  const index = lowerBound(leaf.keys, key);
  if (leaf.keys[index] === key) return [{ keys: leaf.keys, values: leaf.values.with(index, value) }];
  const keys = leaf.keys.toSpliced(index, 0, key);
  const values = leaf.values.toSpliced(index, 0, value);
  if (keys.length <= fanOut) return [{ keys, values }];
  // Names made by counting arrive in order: leave the full half behind, so that leaves end up full.
  const cut = index === leaf.keys.length ? fanOut : keys.length >>> 1;
  return [
    { keys: keys.slice(0, cut), values: values.slice(0, cut) },
    { keys: keys.slice(cut), values: values.slice(cut) },
  ];
}

/** Undefined when nothing is left. */
function remove<V>(node: Tree<V>, key: string): Tree<V> | undefined {
  if (node.children === undefined) {
    const index = lowerBound(node.keys, key);
    return node.keys.length === 1 ? undefined : { keys: node.keys.toSpliced(index, 1), values: node.values.toSpliced(index, 1) };
  }
  const index = childIndex(node.keys, key);
  const child = node.children[index];
  const rest = child === undefined ? undefined : remove(child, key);
  if (rest === undefined) return node.children.length === 1 ? undefined : inner(node.children.toSpliced(index, 1));
  return inner(node.children.with(index, rest));
}

function withoutIdleRoots<V>(root: Tree<V>): Tree<V> {
  const only = root.children?.length === 1 ? root.children[0] : undefined;
  return only === undefined ? root : withoutIdleRoots(only);
}

interface Range<V> {
  readonly from: string;
  readonly to: string | undefined;
  readonly found: V[];
}

function collect<V>(node: Tree<V>, range: Range<V>): void {
  const end = range.to === undefined ? node.keys.length : lowerBound(node.keys, range.to);
  if (node.children === undefined) {
    for (let index = lowerBound(node.keys, range.from); index < end; index += 1) range.found.push(node.values[index] as V);
    return;
  }
  for (let index = childIndex(node.keys, range.from); index < end; index += 1) {
    const child = node.children[index];
    if (child !== undefined) collect(child, range);
  }
}

interface Item<V> {
  readonly key: string;
  readonly value: V;
  readonly children?: undefined;
  readonly values?: undefined;
}

/** What is yet to be compared of one tree, the smallest keys last. */
type Rest<V> = (Tree<V> | Item<V>)[];

function heightOf<V>(top: Tree<V> | Item<V> | undefined): number {
  let height = 0;
  for (let node = top; node !== undefined && 'keys' in node; node = node.children?.[0]) height += 1;
  return height;
}

/** Puts what is in the last node in its place. */
function open<V>(rest: Rest<V>): void {
  const node = rest.pop();
  if (node === undefined || !('keys' in node)) return;
  if (node.children !== undefined) rest.push(...node.children.toReversed());
  else rest.push(...node.keys.map((key, index): Item<V> => ({ key, value: node.values[index] as V })).toReversed());
}

/** Nodes are opened until both sides begin with the same node, which is skipped, or with items. */
function differences<V>(before: Rest<V>, after: Rest<V>): Difference<V>[] {
  const found: Difference<V>[] = [];
  while (before.length > 0 || after.length > 0) {
    const [old, now] = [before.at(-1), after.at(-1)];
    if (old === now) {
      before.pop();
      after.pop();
      continue;
    }
    const [oldHeight, nowHeight] = [heightOf(old), heightOf(now)];
    if (oldHeight > 0 || nowHeight > 0) {
      if (oldHeight >= nowHeight) open(before);
      if (nowHeight >= oldHeight) open(after);
      continue;
    }
    const difference = firstOf(old as Item<V> | undefined, now as Item<V> | undefined);
    if (difference.before !== undefined) before.pop();
    if (difference.after !== undefined) after.pop();
    if (difference.before !== difference.after) found.push(difference);
  }
  return found;
}

function firstOf<V>(old: Item<V> | undefined, now: Item<V> | undefined): Difference<V> {
  if (old === undefined || (now !== undefined && now.key < old.key)) return { key: now?.key ?? '', before: undefined, after: now?.value };
  if (now === undefined || old.key < now.key) return { key: old.key, before: old.value, after: undefined };
  return { key: old.key, before: old.value, after: now.value };
}
