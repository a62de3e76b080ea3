/**
 * One step of a path as `fieldsV1` writes it: `f:spec`, `k:{"name":"web"}` for an item of a list with keys, `v:"a"` for an
 * item of a set, `i:0`. Source: structured-merge-diff, fieldpath/{element,serialize-pe}.go.
 */
import { boundedJson } from '../bounded-json.ts';
import { type Json, type JsonObject, isJsonObject } from '../object.ts';

export const fieldElement = (name: string): string => `f:${name}`;
export const valueElement = (value: Json): string => `v:${goJson(value)}`;

/** The keys are in the order of their names. */
export const keyElement = (keys: readonly (readonly [name: string, value: Json])[]): string =>
  `k:{${keys.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`;

/** The name of the field, where the element is one. */
export const fieldName = (element: string): string | undefined => (element.startsWith('f:') ? element.slice(2) : undefined);
export const isKey = (element: string): boolean => element.startsWith('k:');

const escaped = /[<>&\u2028\u2029]/g;

/** JSON as Go writes it. */
export function goJson(value: Json): string {
  const text = JSON.stringify(value);
  return escaped.test(text) ? text.replaceAll(escaped, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`) : text;
}

/** Undefined for what no version of Kubernetes writes. */
export function isElement(text: string): boolean {
  if (text === '.' || text.startsWith('f:')) return true;
  if (text.startsWith('i:')) return /^-?\d+$/.test(text.slice(2));
  return (text.startsWith('k:') || text.startsWith('v:')) && jsonOf(text) !== undefined;
}

function jsonOf(element: string): Json | undefined {
  try {
    const value = boundedJson(element.slice(2));
    return element.startsWith('k:') && !isJsonObject(value) ? undefined : value;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const kinds = 'fkvi';
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Upstream's order: fields, items by key, items of sets, indices. */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0;
  if (a.startsWith('f:') && b.startsWith('f:')) return compareText(a, b);
  const [kindA, kindB] = [kinds.indexOf(a.charAt(0)), kinds.indexOf(b.charAt(0))];
  if (kindA !== kindB) return kindA - kindB;
  if (a.startsWith('i:')) return Number(a.slice(2)) - Number(b.slice(2));
  const [valueA, valueB] = [jsonOf(a), jsonOf(b)];
  return isJsonObject(valueA) && isJsonObject(valueB) ? compareKeys(valueA, valueB) : compareValues(valueA ?? null, valueB ?? null);
}

function compareKeys(a: JsonObject, b: JsonObject): number {
  const [fieldsA, fieldsB] = [Object.entries(a), Object.entries(b)];
  for (const [index, [name, value]] of fieldsA.entries()) {
    const [otherName, other] = fieldsB[index] ?? [];
    if (otherName === undefined) return 1;
    const order = compareText(name, otherName) || compareValues(value, other ?? null);
    if (order !== 0) return order;
  }
  return fieldsA.length - fieldsB.length;
}

const plainText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Numbers, then texts, then booleans. Source: structured-merge-diff, value/value.go, CompareUsing. */
function compareValues(a: Json, b: Json): number {
  const rank = (value: Json): number => ['number', 'string', 'boolean'].indexOf(typeof value);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return typeof a === 'number' && typeof b === 'number' ? a - b : compareText(plainText(a), plainText(b));
}

/** `.spec.containers[name="web"].image`: as messages show a path. */
export const pathText = (path: readonly string[]): string => path.map(elementText).join('');

function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('i:')) return `[${rest}]`;
  if (element.startsWith('v:')) return `[=${shown(jsonOf(element) ?? null)}]`;
  const keys = jsonOf(element);
  return isJsonObject(keys)
    ? `[${Object.entries(keys)
        .map(([name, value]) => `${name}=${shown(value)}`)
        .join(',')}]`
    : `[${rest}]`;
}

/** Source: structured-merge-diff, value/value.go, ToString. */
function shown(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(',')}]`;
  return Object.entries(value)
    .map(([name, part]) => `${name}=${shown(part)}`)
    .join('');
}
