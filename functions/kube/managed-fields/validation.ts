/** Whether a value fits its schema. Source: structured-merge-diff, typed/validate.go. */
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { deducedType, type ListType, type MapType, type MergeType, type ScalarType } from './merge-type.ts';
import { handle, itemPath, MergeError } from './merge-walk.ts';
import { pathText } from './path-element.ts';

/** Throws where the value does not fit the schema. */
export function validateTyped(value: Json, type: MergeType, { allowsDuplicates }: { readonly allowsDuplicates: boolean }): void {
  const errors = problems(value, type, { allowsDuplicates, path: '' });
  if (errors.length > 0) throw new MergeError(errors);
}

interface Place {
  readonly allowsDuplicates: boolean;
  readonly path: string;
}

const problem = ({ path }: Place, text: string): string[] => [path === '' ? text : `${path}: ${text}`];

const problems = (value: Json, type: MergeType, place: Place): string[] =>
  handle(deducedType(type, value), {
    scalar: (scalar) => scalarProblem(value, scalar).flatMap((text) => problem(place, text)),
    map: (map) => {
      if (value === null) return [];
      return isJsonObject(value) ? mapProblems(value, map, place) : problem(place, `expected map, got ${goText(value)}`);
    },
    list: (list) => {
      if (value === null) return [];
      return Array.isArray(value) ? listProblems(value, list, place) : problem(place, `expected list, got ${goText(value)}`);
    },
  });

function mapProblems(map: JsonObject, type: MapType, place: Place): string[] {
  const errors: string[] = [];
  for (const [name, value] of Object.entries(map)) {
    const path = `${place.path}.${name}`;
    const fieldType = type.field(name);
    if (fieldType === undefined) return [...errors, ...problem({ ...place, path }, 'field not declared in schema')];
    errors.push(...problems(value, fieldType, { ...place, path }));
  }
  return errors;
}

function listProblems(list: readonly Json[], type: ListType, place: Place): string[] {
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const path = type.isAtomic ? { element: `i:${index}` } : itemPath(type, item);
    if ('problem' in path) return [...errors, ...problem(place, `element ${index}: ${path.problem}`)];
    const text = pathText([path.element]);
    if (seen.has(path.element) && !place.allowsDuplicates) errors.push(...problem(place, `duplicate entries for key ${text}`));
    seen.add(path.element);
    errors.push(...problems(item, type.item(), { ...place, path: `${place.path}${text}` }));
  }
  return errors;
}

function scalarProblem(value: Json, type: ScalarType): string[] {
  if (value === null) return [];
  switch (type) {
    case 'numeric':
      return typeof value === 'number' ? [] : [`expected numeric (int or float), got ${goType(value)}`];
    case 'string':
      return typeof value === 'string' ? [] : [`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`expected boolean, got ${goText(value)}`];
    case 'untyped':
      return typeof value === 'object' ? [`expected any scalar, got ${goText(value)}`] : [];
    default:
      return type satisfies never;
  }
}

function goType(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function goSyntax(value: Json): string {
  if (value === null) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([name, part]) => `${JSON.stringify(name)}:${goSyntax(part)}`).join(', ')}}`;
}

/** As Go prints a value of structured-merge-diff. */
const goText = (value: Json): string => `&{${goPlain(value)}}`;

function goPlain(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goPlain).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, member]) => `${key}:${goPlain(member)}`).join(' ')}]`;
}
