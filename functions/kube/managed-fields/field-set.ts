/**
 * Sets of fields, in the form in which `fieldsV1` has them: an object whose keys are path elements. An element without
 * fields of its own is in the set. One that has some is in it when it also has a point. So stored sets need no parsing,
 * and those that did not change are stored as they were. No function changes its arguments.
 * Source: structured-merge-diff, fieldpath/set.go and serialize.go.
 */
import { compareElements } from './path-element.ts';

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const noFields: FieldSet = {};

const self = '.';

/** The elements below the node, without the mark of the node itself. */
const elementsOf = (node: FieldSet): string[] => Object.keys(node).filter((element) => element !== self);

/** Whether the path that leads to the node is in the set. */
function isMember(node: FieldSet | undefined): boolean {
  if (node === undefined) return false;
  for (const _element in node) return Object.hasOwn(node, self);
  return true;
}

const childOf = (node: FieldSet | undefined, element: string): FieldSet | undefined =>
  node !== undefined && Object.hasOwn(node, element) ? node[element] : undefined;

type Children = readonly (readonly [string, FieldSet])[];

function nodeOf(member: boolean, children: Children): FieldSet | undefined {
  if (children.length === 0) return member ? noFields : undefined;
  return Object.fromEntries(member ? [[self, noFields], ...children] : children);
}

/** Neither the point nor the emptiness of a root has a meaning. */
const rootOf = (children: Children): FieldSet => nodeOf(false, children) ?? noFields;

/** The node of a path that is in the set, with nothing below it that is. */
export const member: FieldSet = noFields;

/** The node of a path that is in the set, with those below it. */
export const memberWith = (children: FieldSet | undefined): FieldSet =>
  children === undefined ? member : { [self]: noFields, ...children };

export const asMember = (node: FieldSet): FieldSet => (isMember(node) ? node : memberWith(node));

export function isEmpty(set: FieldSet): boolean {
  for (const element in set) if (element !== self) return false;
  return true;
}

type Combine = (a: FieldSet | undefined, b: FieldSet | undefined) => FieldSet | undefined;

function combined(elements: Iterable<string>, a: FieldSet | undefined, b: FieldSet | undefined, combine: Combine): Children {
  const children: [string, FieldSet][] = [];
  for (const element of elements) {
    const child = combine(childOf(a, element), childOf(b, element));
    if (child !== undefined) children.push([element, child]);
  }
  return children;
}

const unionOfNodes: Combine = (a, b) => {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  const elements = new Set([...elementsOf(a), ...elementsOf(b)]);
  return nodeOf(isMember(a) || isMember(b), combined(elements, a, b, unionOfNodes));
};

const intersectionOfNodes: Combine = (a, b) => {
  if (a === undefined || b === undefined) return undefined;
  return nodeOf(isMember(a) && isMember(b), combined(elementsOf(a), a, b, intersectionOfNodes));
};

const differenceOfNodes: Combine = (a, b) => {
  if (a === undefined || b === undefined) return a;
  return nodeOf(isMember(a) && !isMember(b), combined(elementsOf(a), a, b, differenceOfNodes));
};

const withoutBelow: Combine = (a, b) => {
  if (a === undefined || b === undefined) return a;
  return isMember(b) ? undefined : nodeOf(isMember(a), combined(elementsOf(a), a, b, withoutBelow));
};

export const union = (a: FieldSet, b: FieldSet): FieldSet =>
  rootOf(combined(new Set([...elementsOf(a), ...elementsOf(b)]), a, b, unionOfNodes));

export const intersection = (a: FieldSet, b: FieldSet): FieldSet => rootOf(combined(elementsOf(a), a, b, intersectionOfNodes));

export const difference = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmpty(b) ? a : rootOf(combined(elementsOf(a), a, b, differenceOfNodes));

/** Without the fields of `b` and all that lies below them. */
export const recursiveDifference = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmpty(b) ? a : rootOf(combined(elementsOf(a), a, b, withoutBelow));

/** What `a` has within the fields of `pattern`: where it ends, everything below. `*` stands for any element. */
export const matching = (a: FieldSet, pattern: FieldSet): FieldSet => rootOf(matchingChildren(a, pattern));

function matchingChildren(a: FieldSet, pattern: FieldSet): Children {
  return elementsOf(a).flatMap((element): Children => {
    const [child, wanted] = [a[element], childOf(pattern, element) ?? childOf(pattern, '*')];
    if (child === undefined || wanted === undefined) return [];
    const kept = isEmpty(wanted) ? child : nodeOf(isMember(child), matchingChildren(child, wanted));
    return kept === undefined ? [] : [[element, kept]];
  });
}

export const hasElement = (set: FieldSet, element: string): boolean => isMember(childOf(set, element));

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = childOf(node, element);
  return path.length > 0 && isMember(node);
}

/** The set of what lies below the element. */
export const below = (set: FieldSet, element: string): FieldSet => childOf(set, element) ?? noFields;

export const fieldSet = (paths: readonly (readonly string[])[]): FieldSet => paths.map(singlePath).reduce(union, noFields);

const singlePath = (path: readonly string[]): FieldSet =>
  path.toReversed().reduce<FieldSet>((node, element) => ({ [element]: node }), noFields);

/** The set with the elements that `isNamed` knows as members, at each level; `step` leads to the level below. */
export function withNamed<Level>(set: FieldSet, level: Level, { isNamed, step }: Levels<Level>): FieldSet {
  const children = elementsOf(set).map((element): [string, FieldSet] => {
    const child = below(set, element);
    const inner = withNamed(child, step(level, element), { isNamed, step });
    return [element, nodeOf(isMember(child) || isNamed(level, element), Object.entries(inner)) ?? child];
  });
  return rootOf(children);
}

export interface Levels<Level> {
  isNamed(level: Level, element: string): boolean;
  step(level: Level, element: string): Level;
}

/** The same set with the elements in upstream's order, the point first. */
export function sorted(set: FieldSet): FieldSet {
  const elements = elementsOf(set);
  if (elements.length === 0) return noFields;
  const children = elements.sort(compareElements).map((element): [string, FieldSet] => [element, sorted(below(set, element))]);
  return nodeOf(Object.hasOwn(set, self), children) ?? noFields;
}

/** Calls `visit` with each path of the set: first those that end at a node, then those that go on. */
export function forEachPath(set: FieldSet, visit: (path: readonly string[]) => void, prefix: readonly string[] = []): void {
  const elements = elementsOf(set).toSorted(compareElements);
  for (const element of elements) if (hasElement(set, element)) visit([...prefix, element]);
  for (const element of elements) forEachPath(below(set, element), visit, [...prefix, element]);
}
