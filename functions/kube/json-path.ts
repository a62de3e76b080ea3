/**
 * JSONPath as kubectl and custom columns write it: `.spec.names[0]`, `['a.b']`, `[*]`, `[?(@.type=="Ready")].status`.
 * Source: client-go, util/jsonpath/parser.go; of its grammar, what reads values (no templates, no ranges of steps).
 */
import { matchAt } from './match-at.ts';
import type { Json, JsonObject } from './object.ts';

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'each' }
  | { readonly type: 'slice'; readonly start?: number; readonly end?: number; readonly isOne: boolean }
  | { readonly type: 'filter'; readonly left: JsonPath; readonly operator: string; readonly right: Json };

export type JsonPath = readonly Step[];

/** A path of a client is cut off here. */
const lengthMax = 4096;

/** Undefined when the text is no path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text.length > lengthMax) return undefined;
  const steps: Step[] = [];
  let rest = text.startsWith('$') || text.startsWith('@') ? text.slice(1) : text;
  while (rest !== '') {
    const read = rest.startsWith('[') ? bracketStep(rest) : fieldStep(rest);
    if (read === undefined) return undefined;
    if (read.step !== undefined) steps.push(read.step);
    rest = rest.slice(read.length);
  }
  return steps;
}

interface Read {
  readonly step?: Step;
  readonly length: number;
}

function fieldStep(text: string): Read | undefined {
  const match = /^\.((?:\\.|[^.[\]'"\s])*)/.exec(text);
  if (match === null) return undefined;
  const [whole, name = ''] = match;
  if (name === '*') return { step: { type: 'each' }, length: whole.length };
  // A dot alone is the object itself.
  if (name === '') return text === '.' || text.startsWith('.[') ? { length: 1 } : undefined;
  return { step: { type: 'field', name: name.replaceAll(/\\(.)/g, '$1') }, length: whole.length };
}

function bracketStep(text: string): Read | undefined {
  const quoted = /^\[\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*\]/.exec(text);
  if (quoted !== null) {
    const name = (quoted[1] ?? quoted[2] ?? '').replaceAll(/\\(.)/g, '$1');
    return { step: { type: 'field', name }, length: quoted[0].length };
  }
  if (text.startsWith('[?(')) return filterStep(text);
  const range = /^\[\s*(?:(-?\d+)\s*)?(?:(:)\s*(?:(-?\d+)\s*)?)?\]/.exec(text);
  if (range !== null) return sliceStep(range);
  return text.startsWith('[*]') ? { step: { type: 'each' }, length: 3 } : undefined;
}

const filterParts = [/\s*/y, /@[^\s=!<>)]*/y, /\s*/y, /==|!=|<=|>=|<|>/y, /\s*/y, /"[^"]*"|'[^']*'|[^\s)"'][^\s)]*/y, /\s*/y, /\)\]/y];

/** `[?(@.type=="Ready")]`, or a path alone, which must lead to something. */
function filterStep(text: string): Read | undefined {
  let at = 3;
  const read = filterParts.map((part) => {
    const found = matchAt(part, text, at);
    at += found.length;
    return found;
  });
  const [, path = '', , operator = '', , literal = '', , end = ''] = read;
  const left = path === '' || end === '' || (operator === '') !== (literal === '') ? undefined : parseJsonPath(path);
  if (left === undefined) return undefined;
  const test = operator === '' ? { operator: 'exists', right: true } : { operator, right: literalOf(literal) };
  return { step: { type: 'filter', left, ...test }, length: at };
}

function literalOf(text: string): Json {
  if (/^(".*"|'.*')$/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function sliceStep([whole, start = '', colon = '', end = '']: RegExpExecArray): Read | undefined {
  if (colon === '' && start === '') return undefined;
  const bounds = { ...(start === '' ? {} : { start: Number(start) }), ...(end === '' ? {} : { end: Number(end) }) };
  return { step: { type: 'slice', ...bounds, isOne: colon === '' }, length: whole.length };
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every value that the path leads to, in order. */
export function valuesAt(root: Json, path: JsonPath): Json[] {
  let values: Json[] = [root];
  for (const step of path) values = values.flatMap((value) => stepInto(value, step));
  return values;
}

function stepInto(value: Json, step: Step): Json[] {
  switch (step.type) {
    case 'field': {
      const part = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
      return part === undefined ? [] : [part];
    }
    case 'each':
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value).filter((part) => part !== undefined) : [];
    case 'slice':
      return Array.isArray(value) ? sliced(value, step) : [];
    case 'filter':
      return Array.isArray(value) ? value.filter((item) => holds(item, step)) : [];
    default:
      return step satisfies never;
  }
}

function sliced(list: readonly Json[], { start = 0, end, isOne }: Extract<Step, { type: 'slice' }>): Json[] {
  if (!isOne) return list.slice(start, end);
  const value = list.at(start);
  return value === undefined ? [] : [value];
}

function holds(item: Json, { left, operator, right }: Extract<Step, { type: 'filter' }>): boolean {
  const [value] = valuesAt(item, left);
  if (operator === 'exists') return value !== undefined;
  if (value === undefined || value === null || right === null) return false;
  switch (operator) {
    case '==':
      return value === right;
    case '!=':
      return value !== right;
    case '<':
      return value < right;
    case '<=':
      return value <= right;
    case '>':
      return value > right;
    default:
      return value >= right;
  }
}
