/**
 * What a call has cost, now that its values are known. Source: cel-go, interpreter/runtimecost.go; apiserver,
 * pkg/cel/library/cost.go.
 */
import { type CelValue, isList, isMap, isOpaque, Optional, type Result } from '../values/value.ts';
import { listCost, objectCost, patternLength, traversal } from './range.ts';

/** Work that upstream's price leaves out, but whose time grows, has a price of its own. */
const elementsPerUnit = 10;
const charactersPerUnit = 20;
/** Long texts cost more than upstream's price of a pattern. */
const longText = 10_000;
const longTextFactor = 3;

export function sizeOfValue(value: Result | undefined): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Uint8Array || isList(value)) return value.length;
  if (isMap(value)) return value.size;
  if (value instanceof Optional) return value.value === undefined ? 1 : sizeOfValue(value.value);
  return isOpaque(value) ? (value.size ?? 1) : 1;
}

type Cost = (args: readonly CelValue[], result: Result) => number;

const read =
  (index: number, factor = 1): Cost =>
  (args) =>
    Math.ceil(sizeOfValue(args[index]) * factor * traversal);

const nominal: Cost = () => 1;

const pattern: Cost = (args) => {
  const size = sizeOfValue(args[0]);
  const cost = Math.ceil((1 + size) * traversal) * Math.ceil(sizeOfValue(args[1]) * patternLength);
  return size > longText ? cost * longTextFactor : cost;
};

function traversed(value: CelValue): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(value.length * traversal);
  return isList(value) ? value.reduce<number>((total, item) => total + traversed(item), 0) : 1;
}

const walked: Cost = ([list = null]) => traversed(list);

const selector: Cost = (args) => {
  const size = sizeOfValue(args[1]);
  return listCost + Math.ceil(size * traversal) + Math.ceil(Math.ceil(size / 2) * (listCost + objectCost));
};

const addresses =
  (own: (size: number) => number): Cost =>
  ([range, other]) => {
    const size = sizeOfValue(range);
    const parsed = typeof other === 'string' ? Math.ceil(other.length * traversal) : 0;
    return Math.ceil(2 * size * traversal) + own(size) + parsed;
  };

const smaller: Cost = ([one, other]) => Math.ceil(Math.min(sizeOfValue(one), sizeOfValue(other)) * traversal);

const selfCompared: Cost = (args) => {
  const list = args.at(-1);
  const size = sizeOfValue(list);
  const isOfTexts = list !== undefined && isList(list) && typeof list[0] === 'string';
  return Math.floor(size * size * (isOfTexts ? 2 + traversal : 2)) + 1 + listCost;
};

const crossed =
  (factor: number): Cost =>
  ([one, other]) =>
    sizeOfValue(one) * sizeOfValue(other) * factor + 1;

const resultSized: Cost = (_, result) => sizeOfValue(result) + 1 + listCost;

const named = (names: readonly string[], cost: Cost): Record<string, Cost> => Object.fromEntries(names.map((name) => [name, cost]));

const checkCost = 350_000;
const formatPattern = 60;

const byName: Readonly<Record<string, Cost>> = {
  check: () => checkCost,
  ...named(['fieldSelector', 'labelSelector'], selector),
  ...named(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], walked),
  ...named(['url', 'lowerAscii', 'upperAscii', 'substring', 'trim', 'jsonpatch.escapeKey'], read(0)),
  ...named(['replace', 'split', 'ip.isCanonical'], read(0, 2)),
  ...named(['cidr', 'isIP', 'isCIDR', 'ip', 'quantity', 'isQuantity', 'semver', 'isSemver', 'bytes', 'strings.quote'], read(0)),
  format: (args, result) => read(0)(args, result) + Math.floor(sizeOfValue(result) / charactersPerUnit),
  join: (_, result) => Math.ceil(sizeOfValue(result) * 2 * traversal),
  ...named(['find', 'findAll', 'matches'], pattern),
  containsIP: addresses(() => 0),
  containsCIDR: addresses((size) => Math.ceil(size * traversal) + 1),
  validate: (args) => Math.ceil((1 + sizeOfValue(args[1])) * traversal) * Math.ceil(formatPattern * patternLength),
  ...named(['startsWith', 'endsWith'], read(1)),
  '@in': ([, container]) => (container !== undefined && isList(container) ? container.length : 1),
  ...named(['_==_', '_!=_'], smaller),
  ...named(['_<_', '_<=_', '_>_', '_>=_'], smaller),
  '_+_': ([one, other]) => {
    const size = sizeOfValue(one) + sizeOfValue(other);
    if (typeof one === 'string' || one instanceof Uint8Array) return Math.ceil(size * traversal);
    return 1 + Math.floor(size / elementsPerUnit);
  },
  size: ([value]) => 1 + (typeof value === 'string' ? Math.floor(value.length / charactersPerUnit) : 0),
  contains: ([text, part]) => Math.ceil(sizeOfValue(text) * traversal) * Math.ceil(sizeOfValue(part) * traversal),
  ...named(['slice', 'lists.range', 'reverse', 'flatten'], resultSized),
  'sets.contains': crossed(1),
  'sets.equivalent': crossed(2),
  'sets.intersects': crossed(1),
  dyn: () => 0,
  ...named(['distinct', 'sort', '@sortByAssociatedKeys'], selfCompared),
};

export const callCost = (name: string): Cost => byName[name] ?? nominal;
