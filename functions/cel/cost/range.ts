/** Sizes and costs between two bounds, as 64-bit numbers that stop at their largest. Source: cel-go, checker/cost.go. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export const largest = 2 ** 64;

const capped = (value: number): number => (value >= largest ? largest : value);

export const fixed = (value: number): Range => ({ min: value, max: value });
export const unknown: Range = { min: 0, max: largest };
export const nothing: Range = fixed(0);

export const add = (one: Range, other: Range): Range => ({ min: capped(one.min + other.min), max: capped(one.max + other.max) });
export const sum = (...ranges: readonly Range[]): Range => ranges.reduce(add, nothing);
export const multiply = (one: Range, other: Range): Range => ({ min: capped(one.min * other.min), max: capped(one.max * other.max) });
export const scale = ({ min, max }: Range, factor: number): Range => ({
  min: capped(Math.ceil(min * factor)),
  max: capped(Math.ceil(max * factor)),
});
export const union = (one: Range, other: Range): Range => ({ min: Math.min(one.min, other.min), max: Math.max(one.max, other.max) });

/** A unit is an operation; reading a text once costs a tenth of its length, a pattern a quarter of its own. */
export const traversal = 0.1;
export const patternLength = 0.25;
export const listCost = 10;
export const mapCost = 30;
export const objectCost = 40;
