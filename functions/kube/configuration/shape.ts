/** Reads a document by the shape of a Go struct: unknown fields and values of another type are refused as Go does. */
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { ConfigurationError } from './configuration-error.ts';

/** `go`: the type's name in messages. */
export type Shape =
  | { readonly is: 'string' | 'number' | 'boolean'; readonly go: string }
  | { readonly is: 'list'; readonly go: string; readonly item: Shape }
  | { readonly is: 'struct'; readonly go: string; readonly fields: Readonly<Record<string, Shape>> }
  /** Checked elsewhere. */
  | { readonly is: 'any' };

export const text: Shape = { is: 'string', go: 'string' };
export const flag: Shape = { is: 'boolean', go: 'bool' };
export const integer = (bits: 32 | 64): Shape => ({ is: 'number', go: `int${bits}` });
export const anything: Shape = { is: 'any' };
export const struct = (go: string, fields: Readonly<Record<string, Shape>>): Shape => ({ is: 'struct', go, fields });
export const listOf = (item: Shape): Shape => ({ is: 'list', go: `[]${item.is === 'any' ? 'any' : item.go}`, item });

function typeOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

const fits = (value: Json, { is }: Shape): boolean =>
  is === 'any' || (is === 'list' ? Array.isArray(value) : is === 'struct' ? isJsonObject(value) : typeof value === is);

/** Paths of fields that the shape does not have. */
export function unknownFields(value: Json, shape: Shape, path = ''): readonly string[] {
  if (shape.is === 'list' && Array.isArray(value))
    return value.flatMap((item, index) => unknownFields(item, shape.item, `${path}[${index}]`));
  if (shape.is !== 'struct' || !isJsonObject(value)) return [];
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return Object.entries(value).flatMap(([name, field]) => {
    const known = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    return known === undefined ? [at(name)] : unknownFields(field ?? null, known, at(name));
  });
}

/** Throws what Go reports of the first value that has another type. `start`: how the message begins. */
export function checkTypes(value: Json, shape: Shape, start = ''): void {
  const wrong = wrongType(value, shape, { struct: '', path: '' });
  if (wrong !== undefined) throw new ConfigurationError(`${start}${wrong}`);
}

interface Place {
  /** The innermost one. */
  readonly struct: string;
  /** The whole path, without indexes. */
  readonly path: string;
}

function wrongType(value: Json, shape: Shape, place: Place): string | undefined {
  if (value === null || shape.is === 'any') return undefined;
  if (!fits(value, shape)) {
    const { struct: of, path } = place;
    return `json: cannot unmarshal ${typeOf(value)} into Go struct field ${of}.${path} of type ${shape.go}`;
  }
  if (shape.is === 'list') return firstOf(value as readonly Json[], (item) => wrongType(item, shape.item, place));
  if (shape.is !== 'struct') return undefined;
  return firstOf(Object.entries(value as JsonObject), ([name, field]) => {
    const known = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    const path = place.path === '' ? name : `${place.path}.${name}`;
    return known === undefined ? undefined : wrongType(field ?? null, known, { struct: shortOf(shape.go), path });
  });
}

function firstOf<T>(items: readonly T[], textOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const text = textOf(item);
    if (text !== undefined) return text;
  }
  return undefined;
}

const shortOf = (go: string): string => go.slice(go.lastIndexOf('.') + 1);
