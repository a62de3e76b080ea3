/** Quantities of resources. Source: apiserver, pkg/cel/library/quantity.go. */
import { parseQuantity } from '../../kube/quantity.ts';
import { isInt64 } from '../values/time.ts';
import { type CelValue, Failure, type Opaque } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';
import { OpaqueKind } from './opaque.ts';

const nanoPerUnit = 1_000_000_000n;
const kind = new OpaqueKind<bigint>('kubernetes.Quantity', (one, other) => one === other);

function read(text: string): bigint | string {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

function asInt64(nano: bigint): bigint | undefined {
  const value = nano / nanoPerUnit;
  return nano % nanoPerUnit === 0n && isInt64(value) ? value : undefined;
}

const ofQuantity =
  (run: (nano: bigint, other: CelValue | undefined) => ReturnType<CelFunction>): CelFunction =>
  ([value, other]) => {
    const nano = kind.unwrap(value);
    return nano === undefined ? undefined : run(nano, other);
  };

function order(one: bigint, other: bigint): bigint {
  if (one === other) return 0n;
  return one < other ? -1n : 1n;
}

const comparing = (run: (order: bigint) => boolean | bigint): CelFunction =>
  ofQuantity((nano, value) => {
    const other = kind.unwrap(value);
    return other === undefined ? undefined : run(order(nano, other));
  });

const combined = (run: (one: bigint, other: bigint) => bigint): CelFunction =>
  ofQuantity((nano, value): Opaque | undefined => {
    const other = typeof value === 'bigint' ? value * nanoPerUnit : kind.unwrap(value);
    return other === undefined ? undefined : kind.wrap(run(nano, other));
  });

export const quantities: Library = {
  quantity: ([text]) => {
    if (typeof text !== 'string') return undefined;
    const nano = read(text);
    return typeof nano === 'string' ? new Failure(nano) : kind.wrap(nano);
  },
  isQuantity: ([text]) => (typeof text === 'string' ? typeof read(text) === 'bigint' : undefined),
  sign: ofQuantity((nano) => order(nano, 0n)),
  isGreaterThan: comparing((found) => found > 0n),
  isLessThan: comparing((found) => found < 0n),
  compareTo: comparing((found) => found),
  asApproximateFloat: ofQuantity((nano) => Number(nano) / Number(nanoPerUnit)),
  isInteger: ofQuantity((nano) => asInt64(nano) !== undefined),
  asInteger: ofQuantity((nano) => asInt64(nano) ?? new Failure('cannot convert value to integer')),
  add: combined((one, other) => one + other),
  sub: combined((one, other) => one - other),
};
