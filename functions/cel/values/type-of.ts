/** The type of a value as it is, for `type()` and for messages about calls that fit nothing. */
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  optionalType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from '../check/type.ts';
import { type CelValue, Duration, isList, isMap, isObjectValue, Optional, Timestamp, TypeValue, Uint } from './value.ts';

export function typeOfValue(value: CelValue): CelType {
  if (value === null) return nullType;
  if (typeof value === 'boolean') return boolType;
  if (typeof value === 'bigint') return intType;
  if (typeof value === 'number') return doubleType;
  return typeof value === 'string' ? stringType : typeOfObject(value);
}

function typeOfObject(value: Exclude<CelValue, null | boolean | bigint | number | string>): CelType {
  if (isList(value)) return listType(dynType);
  if (isMap(value)) return mapType(dynType, dynType);
  if (value instanceof Uint8Array) return bytesType;
  if (value instanceof Uint) return uintType;
  if (value instanceof Timestamp) return timestampType;
  if (value instanceof Duration) return durationType;
  if (value instanceof TypeValue) return typeType;
  if (value instanceof Optional) return optionalType(dynType);
  return isObjectValue(value) ? value.type : value.type;
}
