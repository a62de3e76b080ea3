/** Values that may be absent. Source: cel-go, cel/library.go. */
import { type CelValue, Duration, Failure, isList, isMap, isObjectValue, none, Optional, Timestamp, Uint } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === '') return true;
  if (typeof value !== 'object') return false;
  if (value instanceof Uint8Array || isList(value)) return value.length === 0;
  if (isMap(value)) return value.size === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration || value instanceof Timestamp) return value.nanos === 0n;
  if (value instanceof Optional) return value.value === undefined;
  return isObjectValue(value) && value.fieldNames().length === 0;
}

const unwrapped: CelFunction = ([list = null]) => {
  if (!isList(list)) return undefined;
  return list.flatMap((item) => (item instanceof Optional && item.value !== undefined ? [item.value] : []));
};

const present = (value: CelValue | undefined): Optional => (value === undefined ? none : new Optional(value));

export const optionals: Library = {
  'optional.of': ([value = null]) => new Optional(value),
  'optional.none': () => none,
  'optional.ofNonZeroValue': ([value = null]) => (isZero(value) ? none : new Optional(value)),
  'optional.unwrap': unwrapped,
  unwrapOpt: unwrapped,
  value: ([optional]) => (optional instanceof Optional ? (optional.value ?? absent(optional)) : undefined),
  hasValue: ([optional]) => (optional instanceof Optional ? optional.value !== undefined : undefined),
  first: ([list = null]) => (isList(list) ? present(list[0]) : undefined),
  last: ([list = null]) => (isList(list) ? present(list.at(-1)) : undefined),
};

const absent = ({ value }: Optional): CelValue | Failure => (value === undefined ? new Failure('optional.none() dereference') : value);
