/** What a call costs at most, without its arguments. Source: cel-go, checker/cost.go, ext/lists.go; apiserver, pkg/cel/library/cost.go. */
import { type CelType, firstParameter, isSameType } from '../check/type.ts';
import type { CostNode } from './estimate.ts';
import { add, fixed, largest, listCost, multiply, objectCost, patternLength, type Range, scale, traversal, unknown } from './range.ts';

export interface CallEstimate {
  readonly cost: Range;
  /** The size of the result. */
  readonly size?: Range;
}

export interface EstimatedCall {
  readonly name: string;
  readonly overload: string;
  readonly target: CostNode | undefined;
  readonly arguments: readonly CostNode[];
}

type SizeOf = (node: CostNode) => Range;
type Estimate = (call: EstimatedCall, sizeOf: SizeOf) => CallEstimate | undefined;

export function callEstimate(call: EstimatedCall, declaredSize: (node: CostNode) => Range | undefined): CallEstimate {
  const sizeOf: SizeOf = (node) => node.size ?? declaredSize(node) ?? unknown;
  const own = listEstimates(call, sizeOf) ?? byName[call.name]?.(call, sizeOf) ?? byOverload[call.overload]?.(call, sizeOf);
  return own ?? { cost: fixed(1) };
}

const one: CallEstimate = { cost: fixed(1) };
const nominal: Estimate = () => one;

const ofTarget =
  (estimate: (size: Range, call: EstimatedCall, sizeOf: SizeOf) => CallEstimate): Estimate =>
  (call, sizeOf) =>
    call.target === undefined ? undefined : estimate(sizeOf(call.target), call, sizeOf);

const ofFirst =
  (estimate: (size: Range) => CallEstimate): Estimate =>
  (call, sizeOf) => {
    const [first] = call.arguments;
    return first === undefined ? undefined : estimate(sizeOf(first));
  };

const read: Estimate = ofFirst((size) => ({ cost: scale(size, traversal) }));
const sameSize: Estimate = ofTarget((size) => ({ cost: scale(size, traversal), size }));

/** A requirement of a selector takes two characters at least. */
const selector: Estimate = ofFirst((size) => ({
  cost: add(add(fixed(listCost), scale(size, traversal)), scale(scale(size, 0.5), listCost + objectCost)),
}));

function elementOf(list: CostNode): CostNode | undefined {
  if (list.type.parameters.length === 0) return undefined;
  return {
    expression: undefined,
    type: firstParameter(list.type),
    path: list.path.length === 0 ? [] : [...list.path, '@items'],
    size: undefined,
  };
}

const isText = ({ kind }: CelType): boolean => kind === 'string' || kind === 'bytes';

const searched: Estimate = ({ target, name }, sizeOf) => {
  if (target === undefined) return undefined;
  const element = elementOf(target);
  if (element === undefined && name !== 'includes') return { cost: scale(sizeOf(target), traversal) };
  const extra = element !== undefined && isText(element.type) ? scale(sizeOf(element), traversal) : fixed(0);
  return { cost: multiply(sizeOf(target), add(fixed(1), extra)) };
};

const replaced: Estimate = ofTarget((size, { arguments: [from, to] }, sizeOf) => {
  if (from === undefined || to === undefined) return { cost: fixed(1) };
  const [old, fresh] = [sizeOf(from), sizeOf(to)];
  const most = mostReplaced(size.max, old.min, fresh.max);
  const least = leastReplaced(size.min, old.max, fresh.min);
  const result = add(multiply({ min: least.count, max: most.count }, fresh), { min: least.kept, max: most.kept });
  return { cost: scale(size, 2 * traversal), size: result };
});

interface Replacements {
  readonly count: number;
  readonly kept: number;
}

function mostReplaced(size: number, old: number, fresh: number): Replacements {
  if (old === 0) return { count: size < largest ? size + 1 : size, kept: size };
  return fresh <= old ? { count: 0, kept: size } : { count: Math.ceil(size / old), kept: 0 };
}

function leastReplaced(size: number, old: number, fresh: number): Replacements {
  if (old === 0) return { count: size < largest ? size + 1 : size, kept: size };
  return old <= fresh ? { count: 0, kept: size } : { count: Math.ceil(size / old), kept: 0 };
}

const split: Estimate = ofTarget((size, { arguments: [, limit] }) => {
  const literal = limit?.expression?.kind === 'literal' ? limit.expression.value : undefined;
  const max = typeof literal === 'bigint' ? Number(BigInt.asUintN(64, literal)) : size.max;
  return { cost: scale(size, 2 * traversal), size: { min: 0, max } };
});

const joined: Estimate = ({ target, arguments: [separator] }, sizeOf) => {
  if (target === undefined) return undefined;
  const count = sizeOf(target);
  const element = elementOf(target);
  let size = element === undefined ? fixed(0) : multiply(count, sizeOf(element));
  if (separator !== undefined) {
    const separators = { min: Math.max(count.min - 1, 0), max: Math.max(count.max - 1, 0) };
    size = add(size, multiply(sizeOf(separator), separators));
  }
  return { cost: scale(size, traversal), size };
};

const patternCost = (text: Range, pattern: Range): Range => multiply(scale(add(text, fixed(1)), traversal), scale(pattern, patternLength));

const found: Estimate = ofTarget((size, { arguments: [pattern] }, sizeOf) =>
  pattern === undefined ? one : { cost: patternCost(size, sizeOf(pattern)), size: { min: 0, max: size.max } },
);

const addressBytes: Range = { min: 4, max: 16 };
const comparedAddresses = scale(add(addressBytes, addressBytes), traversal);

const contained: Estimate = ({ overload, name, arguments: [other] }, sizeOf) => {
  if (other === undefined) return undefined;
  const parsed = overload.endsWith('_string') ? scale(sizeOf(other), traversal) : fixed(0);
  const masked = name === 'containsCIDR' ? add(scale(addressBytes, traversal), fixed(1)) : fixed(0);
  return { cost: add(add(comparedAddresses, masked), parsed) };
};

const constantTime = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
]);
const formatSizeMax = 64;
const formatPatternMax = 128;

const equality: Estimate = ({ arguments: [left, right] }) => {
  if (left === undefined || right === undefined || !isSameType(left.type, right.type)) return undefined;
  if (constantTime.has(left.type.name)) return one;
  if (left.type.name === 'kubernetes.NamedFormat') return { cost: scale({ min: 1, max: formatSizeMax }, traversal) };
  return left.type.name === 'kubernetes.URL' ? { cost: scale({ min: 1, max: right.size?.max ?? 1 }, traversal) } : undefined;
};

const checkCost = 350_000;

const nominalNames = [
  'serviceAccount path group resource subresource namespace name allowed reason error errored',
  'masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast',
  'format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch',
  'getScheme getHostname getHost getPort getEscapedPath getQuery',
].flatMap((names) => names.split(' '));

const named = (names: readonly string[], estimate: Estimate): Record<string, Estimate> =>
  Object.fromEntries(names.map((name) => [name, estimate]));

const byName: Readonly<Record<string, Estimate>> = {
  ...named(nominalNames, nominal),
  check: () => ({ cost: fixed(checkCost) }),
  ...named(['fieldSelector', 'labelSelector'], selector),
  ...named(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf', 'includes'], searched),
  ...named(
    ['url', 'jsonpatch.escapeKey'],
    ofFirst((size) => ({ cost: scale(size, traversal), size })),
  ),
  ...named(['lowerAscii', 'upperAscii', 'substring', 'trim'], sameSize),
  replace: replaced,
  split,
  join: joined,
  ...named(['find', 'findAll'], found),
  ...named(['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'], read),
  ip: (call, sizeOf) => (call.overload === 'cidr_ip' ? one : read(call, sizeOf)),
  'ip.isCanonical': ofFirst((size) => ({ cost: scale(size, 2 * traversal) })),
  ...named(['containsIP', 'containsCIDR'], contained),
  validate: ofFirst((size) => ({ cost: scale(scale(size, traversal), formatPatternMax * patternLength) })),
  '_==_': equality,
};

const compared: Estimate = ({ arguments: [left, right] }) => {
  const max = Math.min(left?.size?.max ?? largest, right?.size?.max ?? largest);
  return { cost: scale({ min: max > 0 ? 1 : 0, max }, traversal) };
};

const matched: Estimate = ({ target, arguments: args }) => {
  const [text, pattern] = target === undefined ? args : [target, args[0]];
  return text === undefined || pattern === undefined ? undefined : { cost: patternCost(text.size ?? unknown, pattern.size ?? unknown) };
};

const concatenated: Estimate = ({ overload, arguments: [left, right] }) => {
  const size = add(left?.size ?? unknown, right?.size ?? unknown);
  return { cost: overload === 'add_list' ? fixed(1) : scale(size, traversal), size };
};

const argumentRead: Estimate = ({ arguments: [first] }) => ({ cost: scale(first?.size ?? unknown, traversal) });

const comparisons = ['less', 'greater', 'less_equals', 'greater_equals'].flatMap((name) => [`${name}_string`, `${name}_bytes`]);

const byOverload: Readonly<Record<string, Estimate>> = {
  ...named([...comparisons, 'equals', 'not_equals'], compared),
  ...named(['matches', 'matches_string'], matched),
  ...named(['add_string', 'add_bytes', 'add_list'], concatenated),
  ...named(['starts_with_string', 'ends_with_string'], argumentRead),
  string_format: ({ target }) => ({ cost: scale(target?.size ?? unknown, traversal) }),
  string_to_bytes: ({ arguments: [first] }) => {
    const { min, max } = first?.size ?? unknown;
    return { cost: scale({ min, max }, traversal), size: { min, max: Math.min(max * 4, largest) } };
  },
  bytes_to_string: ({ arguments: [first] }) => {
    const { min, max } = first?.size ?? unknown;
    return { cost: scale({ min, max }, traversal), size: { min: Math.floor(min / 4), max } };
  },
  strings_quote: ({ arguments: [first] }) => {
    const { min, max } = first?.size ?? unknown;
    return { cost: scale({ min, max }, traversal), size: { min: min + 2, max: Math.min(max * 2 + 2, largest) } };
  },
  in_list: ({ arguments: [, list] }) => ({ cost: list?.size ?? unknown }),
  contains_string: ({ target, arguments: [part] }) => ({
    cost: multiply(scale(target?.size ?? unknown, traversal), scale(part?.size ?? unknown, traversal)),
  }),
};

const allocated = (factor: number, size: Range): CallEstimate => ({ cost: add(add(scale(size, factor), fixed(1)), fixed(listCost)), size });

function literalCount(node: CostNode | undefined, fallback: number): number {
  const value = node?.expression?.kind === 'literal' ? node.expression.value : undefined;
  return typeof value === 'bigint' ? Math.max(Number(value), 0) : fallback;
}

const selfCompared = (list: CostNode, sizeOf: SizeOf, isOfTexts: boolean): CallEstimate =>
  allocated(2 + (isOfTexts ? traversal : 0), multiply(sizeOf(list), sizeOf(list)));

const setFactors: Readonly<Record<string, number>> = {
  list_sets_contains_list: 1,
  list_sets_equivalent_list: 2,
  list_sets_intersects_list: 1,
};

const listEstimates: Estimate = ({ overload, target, arguments: [first, second] }, sizeOf) => {
  const setFactor = setFactors[overload];
  if (setFactor !== undefined && first !== undefined && second !== undefined) {
    return { cost: add(scale(multiply(sizeOf(first), sizeOf(second)), setFactor), fixed(1)) };
  }
  if (overload === 'lists_range') return allocated(1, fixed(literalCount(first, largest)));
  if (target !== undefined && overload.endsWith('_sort')) return selfCompared(target, sizeOf, /string|bytes/u.test(overload));
  if (first !== undefined && overload.endsWith('_sortByAssociatedKeys')) return selfCompared(first, sizeOf, /string|bytes/u.test(overload));
  if (target === undefined) return undefined;
  switch (overload) {
    case 'list_slice':
      return allocated(1, fixed(Math.max(literalCount(second, sizeOf(target).max) - literalCount(first, 0), 0)));
    case 'list_flatten':
    case 'list_flatten_int':
      return allocated(first === undefined ? 1 : literalCount(first, largest), sizeOf(target));
    case 'list_reverse':
      return allocated(1, sizeOf(target));
    case 'list_distinct':
      return selfCompared(target, sizeOf, false);
    default:
      return undefined;
  }
};
