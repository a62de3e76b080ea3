/**
 * JSONPath as kubectl and custom columns write it: `.spec.names[0]`, `['a']`, `[*]`, `..name`, `[?(@.type=="Ready")].status`.
 * Source: client-go, util/jsonpath/{parser,jsonpath}.go; of its grammar, what reads values (no templates, no ranges of steps).
 */
import { type Json, isJsonObject } from './object.ts';

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'text'; readonly value: Json }
  | { readonly type: 'each' }
  | { readonly type: 'descend' }
  | { readonly type: 'slice'; readonly bounds: readonly (number | undefined)[]; readonly isOne: boolean }
  | { readonly type: 'union'; readonly paths: readonly JsonPath[] }
  | { readonly type: 'filter'; readonly left: JsonPath; readonly operator: string; readonly right: JsonPath };

export type JsonPath = readonly Step[];

/** A path of a client is cut off here, and so is what one leads to. */
const lengthMax = 4096;
const valuesMax = 100_000;
const nestedMax = 20;

/** Undefined when the text is no path. */
export function parseJsonPath(text: string, depth = 0): JsonPath | undefined {
  if (text.length > lengthMax || depth > nestedMax) return undefined;
  const steps: Step[] = [];
  for (let at = 0; at < text.length;) {
    const read = readStep(text, at, steps, depth);
    if (read === undefined) return undefined;
    if (read.steps !== undefined) steps.push(...read.steps);
    at = read.end;
  }
  return steps;
}

interface Read {
  readonly steps?: readonly Step[];
  readonly end: number;
}

function readStep(text: string, at: number, before: readonly Step[], depth: number): Read | undefined {
  if (text.startsWith('[?(', at)) return readFilter(text, at + 3, depth);
  if (text.startsWith('..', at)) return readDescent(text, at + 2, before);
  const first = text[at] ?? '';
  if (first === '\n' || first === '\r') return undefined;
  if (first === ' ' || first === '@' || first === '$') return { end: at + 1 };
  if (first === '[') return readBrackets(text, at, depth);
  if (first === '"' || first === "'") return readQuote(text, at);
  if (first === '.') return readField(text, at + 1);
  if (/[+\-\d]/.test(first)) return readNumber(text, at);
  if (!/[_\p{L}]/u.test(first)) return undefined;
  const end = endOfName(text, at, false);
  const word = text.slice(at, end);
  // Any other word would be an identifier, which stands for nothing in a path.
  return { steps: [{ type: 'text', value: word === 'true' ? true : word === 'false' ? false : unknownWord }], end };
}

/** A path that has one leads nowhere. */
const unknownWord = null;

function readDescent(text: string, at: number, before: readonly Step[]): Read | undefined {
  if (before.at(-1)?.type === 'descend') return undefined;
  const field = /[_\p{L}\d]/u.test(text[at] ?? '') ? readField(text, at) : undefined;
  return { steps: [{ type: 'descend' }, ...(field?.steps ?? [])], end: field?.end ?? at };
}

/** Whatever ends a name may stand in it after a backslash. */
function endOfName(text: string, from: number, hasEscapes = true): number {
  let at = from;
  while (at < text.length && !/[\s.,[\]$@{}]/.test(text[at] ?? '')) at += hasEscapes && text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

function readField(text: string, at: number): Read {
  const end = endOfName(text, at);
  const name = text.slice(at, end);
  return { steps: [name === '*' ? { type: 'each' } : { type: 'field', name: name.replaceAll('\\', '') }], end };
}

function readNumber(text: string, at: number): Read | undefined {
  const [word = ''] = /^[+-]?[\d.]*/.exec(text.slice(at)) ?? [];
  const value = Number(word);
  return word === '' || Number.isNaN(value) || !/\d/.test(word) ? undefined : { steps: [{ type: 'text', value }], end: at + word.length };
}

function readQuote(text: string, at: number): Read | undefined {
  const quote = text[at];
  for (let end = at + 1; end < text.length && text[end] !== '\n'; end += 1) {
    if (text[end] !== quote || text[end - 1] === '\\') continue;
    const value = text.slice(at + 1, end).replaceAll(/\\(.)/g, '$1');
    return { steps: [{ type: 'text', value }], end: end + 1 };
  }
  return undefined;
}

function readBrackets(text: string, at: number, depth: number): Read | undefined {
  const end = text.indexOf(']', at);
  if (end === -1 || text.slice(at, end).includes('\n')) return undefined;
  const steps = bracketSteps(text.slice(at + 1, end), depth);
  return steps === undefined ? undefined : { steps, end: end + 1 };
}

/** Other white space is part of a path. */
function withoutSpaces(text: string): string {
  let [from, to] = [0, text.length];
  while (text[from] === ' ') from += 1;
  while (to > from && text[to - 1] === ' ') to -= 1;
  return text.slice(from, to);
}

function bracketSteps(inside: string, depth: number): readonly Step[] | undefined {
  if (inside.includes(',')) {
    const paths = inside.split(',').map((part) => parseJsonPath(`[${withoutSpaces(part)}]`, depth + 1));
    return paths.every((path) => path !== undefined) ? [{ type: 'union', paths }] : undefined;
  }
  const key = /^'([^']*)'$/.exec(inside)?.[1];
  if (key !== undefined) return parseJsonPath(`.${key}`, depth + 1);
  const range = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(inside === '*' ? ':' : inside);
  if (range === null) return undefined;
  const [, start = '', end, step] = range;
  if ([start, end, step].some((bound) => bound?.replace(':', '') === '-')) return undefined;
  const number = (bound: string | undefined): number | undefined =>
    bound === undefined || bound.replace(':', '') === '' ? undefined : Number(bound.replace(':', ''));
  return [{ type: 'slice', bounds: [number(start), number(end), number(step)], isOne: end === undefined }];
}

/** `[?(@.type=="Ready")]`, or a path alone, which must lead to something. */
function readFilter(text: string, at: number, depth: number): Read | undefined {
  let end = at;
  for (let quote = ''; end < text.length; end += 1) {
    const character = text[end] ?? '';
    if (character === '\n') return undefined;
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote && text[end - 1] !== '\\') quote = '';
    else if (character === ')' && quote === '') break;
  }
  if (text[end] !== ')' || text[end + 1] !== ']') return undefined;
  const inside = text.slice(at, end);
  const [, left, operator = 'exists', right = ''] = /^([^!<>=]+)([!<>=]+)(.+?)$/s.exec(inside) ?? [];
  const [one, other] = [parseJsonPath(left ?? inside, depth + 1), parseJsonPath(right, depth + 1)];
  return one === undefined || other === undefined
    ? undefined
    : { steps: [{ type: 'filter', left: one, operator, right: other }], end: end + 2 };
}

class NoValues extends Error {}

/** Every value that the path leads to, in order; none where it leads past the end of a list, or compares what has no order. */
export function valuesAt(root: Json, path: JsonPath): Json[] {
  try {
    return walk([root], path);
  } catch (error) {
    if (error instanceof NoValues) return [];
    throw error;
  }
}

function walk(start: readonly Json[], path: JsonPath): Json[] {
  let values = [...start];
  for (const step of path) {
    values = values.flatMap((value) => stepInto(value, step));
    if (values.length > valuesMax) throw new NoValues('the path leads to too much');
  }
  return values;
}

function stepInto(value: Json, step: Step): Json[] {
  switch (step.type) {
    case 'field': {
      const part = isJsonObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
      return part === undefined ? [] : [part];
    }
    case 'text':
      if (step.value === unknownWord) throw new NoValues('a word that stands for nothing');
      return [step.value];
    case 'each':
      return childrenOf(value);
    case 'descend':
      return descendants(value);
    case 'slice':
      return value === null ? [] : sliced(value, step);
    case 'union':
      return step.paths.flatMap((path) => walk([value], path));
    case 'filter':
      if (!Array.isArray(value)) throw new NoValues('only lists are filtered');
      return value.filter((item) => holds(item, step));
    default:
      return step satisfies never;
  }
}

const childrenOf = (value: Json): Json[] =>
  Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value).filter((part) => part !== undefined) : [];

/** The value and all below it that have something in them. */
function descendants(value: Json): Json[] {
  const children = childrenOf(value);
  return children.length === 0 ? [] : [value, ...children.flatMap(descendants)];
}

function sliced(list: Json, { bounds, isOne }: Extract<Step, { type: 'slice' }>): Json[] {
  if (!Array.isArray(list)) throw new NoValues('only lists have places');
  const [first = 0, last, step = 1] = bounds;
  const start = first < 0 ? first + list.length : first;
  let end = isOne ? first + 1 : (last ?? list.length);
  if (end < 0 || (end === 0 && isOne)) end += list.length;
  if (end === start) return [];
  if (start < 0 || start >= list.length || end < 0 || end > list.length || start > end || step <= 0) {
    throw new NoValues('the place is beyond the list');
  }
  return list.slice(start, end).filter((_item, index) => index % step === 0);
}

function holds(item: Json, { left, operator, right }: Extract<Step, { type: 'filter' }>): boolean {
  if (operator === 'exists') return valuesAt(item, left).length > 0;
  const [lefts, rights] = [walk([item], left), walk([item], right)];
  if (lefts.length > 1 || rights.length > 1) throw new NoValues('one value is compared with one');
  const [one, other] = [lefts[0], rights[0]];
  return one !== undefined && other !== undefined && compared(one, operator, other);
}

function compared(one: Json, operator: string, other: Json): boolean {
  const isComparable = typeof one === typeof other && typeof one !== 'object';
  if (!isComparable || (typeof one === 'boolean' && operator !== '==' && operator !== '!='))
    throw new NoValues('types that are not compared');
  const [a, b] = [one as string | number, other as string | number];
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      throw new NoValues('no such comparison');
  }
}
