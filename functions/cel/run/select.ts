/** Fields and elements of values. Source: cel-go, interpreter/attributes.go. */
import { type CelValue, Failure, isList, isMap, isObjectValue, Optional, type Result, Uint } from '../values/value.ts';

export function keyName(key: CelValue): string {
  if (key instanceof Uint) return String(key.value);
  return typeof key === 'object' ? 'key' : String(key);
}

const missing = (name: string): Failure => new Failure(`no such key: ${name}`);

/** Whether a field is present: a field that is null is. */
const present = (value: CelValue | undefined, name: string): Result => (value === undefined ? missing(name) : value);

export function fieldOf(value: CelValue, name: string): Result {
  if (isObjectValue(value)) return value.computed?.(name) ?? present(value.field(name), name);
  if (isMap(value)) return present(value.get(name), name);
  if (value instanceof Optional) {
    if (value.value === undefined) return value;
    const found = fieldOf(value.value, name);
    return found instanceof Failure ? new Optional() : new Optional(found);
  }
  return value === null ? missing(name) : new Failure('no such overload');
}

export function hasField(value: CelValue, name: string): Result {
  if (isObjectValue(value)) return value.field(name) !== undefined;
  if (isMap(value)) return value.get(name) !== undefined;
  if (value instanceof Optional) return value.value !== undefined && hasField(value.value, name);
  return value === null ? false : new Failure('no such overload');
}

/** A whole number, of whatever type. */
function wholeIndex(key: CelValue): number | undefined {
  if (typeof key === 'bigint') return Number(key);
  if (key instanceof Uint) return Number(key.value);
  return typeof key === 'number' && Number.isInteger(key) ? key : undefined;
}

export function indexOf(value: CelValue, key: CelValue): Result {
  if (isList(value)) {
    const index = wholeIndex(key);
    if (index === undefined) return new Failure(`unsupported index type '${typeof key}' in list`);
    return value[index] ?? (index in value ? null : new Failure(`index out of bounds: ${index}`));
  }
  if (isMap(value)) return present(value.get(key), keyName(key));
  if (isObjectValue(value) && typeof key === 'string') return present(value.field(key), key);
  if (value instanceof Optional) {
    if (value.value === undefined) return value;
    const found = indexOf(value.value, key);
    return found instanceof Failure ? new Optional() : new Optional(found);
  }
  return new Failure('no such overload');
}
