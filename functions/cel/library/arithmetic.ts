/** Operators on numbers, times, texts and lists; all 64-bit arithmetic is checked. Source: cel-go, common/types. */
import { compare } from '../values/equality.ts';
import { hasSameKeys, isEqual } from '../values/equality.ts';
import { identityOf, withIdentity } from '../values/json.ts';
import { isInt64 } from '../values/time.ts';
import { type CelValue, Duration, Failure, isList, isMap, isObjectValue, type Result, Timestamp, Uint } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';

const overflow = new Failure('integer overflow');
const unsignedOverflow = new Failure('unsigned integer overflow');
const uintMax = 2n ** 64n - 1n;

const int = (value: bigint): Result => (isInt64(value) ? value : overflow);
const unsigned = (value: bigint): Result => (value < 0n || value > uintMax ? unsignedOverflow : new Uint(value));

interface Operation {
  readonly ints: (one: bigint, other: bigint) => bigint | Failure;
  readonly doubles?: (one: number, other: number) => number;
}

function numbers([one, other]: readonly CelValue[], { ints, doubles }: Operation): Result | undefined {
  if (typeof one === 'bigint' && typeof other === 'bigint') {
    const value = ints(one, other);
    return value instanceof Failure ? value : int(value);
  }
  if (one instanceof Uint && other instanceof Uint) {
    const value = ints(one.value, other.value);
    return value instanceof Failure ? value : unsigned(value);
  }
  return typeof one === 'number' && typeof other === 'number' ? doubles?.(one, other) : undefined;
}

const byZero = (what: string, divide: (one: bigint, other: bigint) => bigint): Operation['ints'] => {
  const failure = new Failure(`${what} by zero`);
  return (one, other) => (other === 0n ? failure : divide(one, other));
};

const duration = (nanos: bigint): Result => (isInt64(nanos) ? new Duration(nanos) : overflow);

function added([one, other]: readonly CelValue[]): Result | undefined {
  if (typeof one === 'string' && typeof other === 'string') return one + other;
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.concat([one, other]);
  if (one instanceof Duration && other instanceof Duration) return duration(one.nanos + other.nanos);
  if (one instanceof Duration && other instanceof Timestamp) return new Timestamp(one.nanos + other.nanos);
  if (one instanceof Timestamp && other instanceof Duration) return new Timestamp(one.nanos + other.nanos);
  return one !== undefined && other !== undefined && isList(one) && isList(other) ? joined(one, other) : undefined;
}

/** Lists that are sets take what they lack; lists that are maps replace entries with the same keys. */
function joined(one: readonly CelValue[], other: readonly CelValue[]): readonly CelValue[] {
  const identity = identityOf(one);
  if (identity === undefined) return one.concat(other);
  const same = (left: CelValue, right: CelValue): boolean =>
    identity.kind === 'set' ? isEqual(left, right) : hasSameKeys(left, right, identity);
  const result = one.map((item) => (identity.kind === 'map' ? (other.findLast((next) => same(item, next)) ?? item) : item));
  for (const item of other) if (!result.some((known) => same(known, item))) result.push(item);
  return withIdentity(result, identity);
}

function subtracted([one, other]: readonly CelValue[]): Result | undefined {
  if (one instanceof Duration && other instanceof Duration) return duration(one.nanos - other.nanos);
  if (one instanceof Timestamp && other instanceof Timestamp) return duration(one.nanos - other.nanos);
  return one instanceof Timestamp && other instanceof Duration ? new Timestamp(one.nanos - other.nanos) : undefined;
}

const relation =
  (holds: (order: number) => boolean): CelFunction =>
  ([one = null, other = null]) => {
    const order = compare(one, other);
    if (order !== undefined) return holds(order);
    return typeof one === 'number' || typeof other === 'number' ? unordered(one, other) : undefined;
  };

/** A number that is none compares with every number, and is less than none. */
const unordered = (one: CelValue, other: CelValue): Result | undefined => (Number.isNaN(one) || Number.isNaN(other) ? false : undefined);

function contained([item = null, container = null]: readonly CelValue[], meter: { nodes: number }): Result | undefined {
  if (isList(container)) return container.some((one) => isEqual(one, item, meter));
  if (isMap(container)) return container.get(item) !== undefined;
  return isObjectValue(container) && typeof item === 'string' ? container.field(item) !== undefined : undefined;
}

export const arithmetic: Library = {
  '_+_': (args) => numbers(args, { ints: (one, other) => one + other, doubles: (one, other) => one + other }) ?? added(args),
  '_-_': (args) => numbers(args, { ints: (one, other) => one - other, doubles: (one, other) => one - other }) ?? subtracted(args),
  '_*_': (args) => numbers(args, { ints: (one, other) => one * other, doubles: (one, other) => one * other }),
  '_/_': (args) => numbers(args, { ints: byZero('division', (one, other) => one / other), doubles: (one, other) => one / other }),
  '_%_': (args) => numbers(args, { ints: byZero('modulus', (one, other) => one % other) }),
  '-_': ([value]) => {
    if (typeof value === 'bigint') return int(-value);
    return typeof value === 'number' ? -value : undefined;
  },
  '!_': ([value]) => (typeof value === 'boolean' ? !value : undefined),
  '_<_': relation((order) => order < 0),
  '_<=_': relation((order) => order <= 0),
  '_>_': relation((order) => order > 0),
  '_>=_': relation((order) => order >= 0),
  '@in': contained,
};
