/** What expressions are about: int is a bigint, double a number, uint a class of its own. */
import type { CelType } from '../check/type.ts';

export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint
  | Uint8Array
  | Timestamp
  | Duration
  | readonly CelValue[]
  | CelMap
  | CelObject
  | Optional
  | TypeValue
  | Opaque;

/** What an evaluation comes to where it has no value. `&&`, `||` and folds may absorb it. */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export type Result = CelValue | Failure;

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}
export const uint = (value: bigint): Uint => new Uint(value);

export class Timestamp {
  /** Since 1970, in nanoseconds. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class TypeValue {
  readonly type: CelType;
  constructor(type: CelType) {
    this.type = type;
  }
}

export class Optional {
  readonly value: CelValue | undefined;
  constructor(value?: CelValue) {
    this.value = value;
  }
}
export const none = new Optional();

/** Anything with entries by key. */
export interface CelMap {
  readonly isMap: true;
  readonly size: number;
  get(key: CelValue): CelValue | undefined;
  keys(): readonly CelValue[];
}

/** Anything with fields that a schema names. */
export interface CelObject {
  readonly isObject: true;
  readonly type: CelType;
  /** Undefined where the field is not there. */
  field(name: string): CelValue | undefined;
  /** The value of a field that is an expression itself, which may fail. Called before `field`. */
  computed?(name: string): Result | undefined;
  fieldNames(): readonly string[];
}

/** A value of a library: what it is, and how it compares. */
export interface Opaque {
  readonly isOpaque: true;
  readonly type: CelType;
  equals(other: Opaque): boolean;
  /** What `size` is for costs, where it is not 1. */
  readonly size?: number;
}

/** Values that share a class. */
const has = (value: unknown, mark: string): boolean => typeof value === 'object' && value !== null && mark in value;
export const isMap = (value: Result): value is CelMap => has(value, 'isMap');
export const isObjectValue = (value: Result): value is CelObject => has(value, 'isObject');
export const isOpaque = (value: Result): value is Opaque => has(value, 'isOpaque');
export const isList = (value: Result): value is readonly CelValue[] => Array.isArray(value);
