/** Whether values are equal, and how they are ordered. Source: cel-go, common/types/compare.go; apiserver, pkg/cel/common. */
import {
  type CelValue,
  Duration,
  isList,
  isMap,
  isObjectValue,
  isOpaque,
  Optional,
  type Result,
  Timestamp,
  TypeValue,
  Uint,
} from './value.ts';
import { isSameType } from '../check/type.ts';
import { identityOf, type ListIdentity } from './json.ts';

type Numeric = bigint | number | Uint;
export const isNumeric = (value: Result): value is Numeric =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint;

const plain = (value: Numeric): bigint | number => (value instanceof Uint ? value.value : value);

/** Counts the parts that a comparison has met. */
export interface Meter {
  nodes: number;
}

export function isEqual(one: CelValue, other: CelValue, meter?: Meter): boolean {
  if (meter !== undefined) meter.nodes += 1;
  if (one === other) return true;
  if (isNumeric(one)) return isNumeric(other) && ordered(plain(one), plain(other)) === 0;
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) return false;
  if (one instanceof Uint8Array) return other instanceof Uint8Array && Buffer.compare(one, other) === 0;
  if (one instanceof Timestamp) return other instanceof Timestamp && one.nanos === other.nanos;
  if (one instanceof Duration) return other instanceof Duration && one.nanos === other.nanos;
  if (one instanceof TypeValue) return other instanceof TypeValue && isSameType(one.type, other.type);
  if (one instanceof Optional) return other instanceof Optional && isEqualOptional(one, other, meter);
  return isEqualPart(one, other, meter);
}

function isEqualOptional({ value }: Optional, other: Optional, meter: Meter | undefined): boolean {
  if (value === undefined || other.value === undefined) return value === other.value;
  return isEqual(value, other.value, meter);
}

function isEqualPart(one: CelValue, other: CelValue, meter: Meter | undefined): boolean {
  if (isList(one)) return isList(other) && isEqualList(one, other, meter);
  if (isMap(one)) {
    if (!isMap(other) || one.size !== other.size) return false;
    return one.keys().every((key) => {
      const [left, right] = [one.get(key), other.get(key)];
      return left !== undefined && right !== undefined && isEqual(left, right, meter);
    });
  }
  if (isObjectValue(one)) {
    if (!isObjectValue(other)) return false;
    const names = new Set([...one.fieldNames(), ...other.fieldNames()]);
    return [...names].every((name) => {
      const [left, right] = [one.field(name), other.field(name)];
      return left !== undefined && right !== undefined && isEqual(left, right, meter);
    });
  }
  return isOpaque(one) && isOpaque(other) && isSameType(one.type, other.type) && one.equals(other);
}

function isEqualList(one: readonly CelValue[], other: readonly CelValue[], meter: Meter | undefined): boolean {
  if (one.length !== other.length) return false;
  const identity = identityOf(one) ?? identityOf(other);
  if (identity === undefined) return one.every((item, index) => isEqual(item, other[index] ?? null, meter));
  return identity.kind === 'set'
    ? one.every((item) => other.some((match) => isEqual(item, match, meter)))
    : one.every((item) => other.some((match) => isEqual(item, match, meter) && hasSameKeys(item, match, identity)));
}

/** Whether both stand for the same entry of a list that is a map. */
export function hasSameKeys(one: CelValue, other: CelValue, { keys }: ListIdentity): boolean {
  return keys.every((key) => {
    const [left, right] = [keyField(one, key), keyField(other, key)];
    return left === undefined || right === undefined ? left === right : isEqual(left, right);
  });
}

function keyField(value: CelValue, name: string): CelValue | undefined {
  if (isObjectValue(value)) return value.field(name);
  return isMap(value) ? value.get(name) : undefined;
}

/** Negative, 0 or positive; undefined where the two have no order. */
export function compare(one: CelValue, other: CelValue): number | undefined {
  if (isNumeric(one) && isNumeric(other)) return ordered(plain(one), plain(other));
  if (typeof one === 'string' && typeof other === 'string') return orderOfTexts(one, other);
  if (typeof one === 'boolean' && typeof other === 'boolean') return Number(one) - Number(other);
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other);
  if (one instanceof Timestamp && other instanceof Timestamp) return ordered(one.nanos, other.nanos);
  if (one instanceof Duration && other instanceof Duration) return ordered(one.nanos, other.nanos);
  return undefined;
}

/** That of their bytes in UTF-8, and so of their characters. */
function orderOfTexts(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const [unit, otherUnit] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (unit !== otherUnit) return rank(unit) - rank(otherUnit);
  }
  return one.length - other.length;
}

/** Halves of a character of two units stand for one that comes after all those of one unit. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

function ordered(one: bigint | number, other: bigint | number): number | undefined {
  if (one < other) return -1;
  if (one > other) return 1;
  return Number.isNaN(Number(one)) || Number.isNaN(Number(other)) ? undefined : 0;
}
