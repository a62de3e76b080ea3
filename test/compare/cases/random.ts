import { seededRandom } from '../../support/virtual-world.ts';

export interface Choice {
  /** Uniform in [0, 1). */
  next(): number;
  below(count: number): number;
  of<T>(items: readonly T[]): T;
}

/** Choices that a seed and a text decide: a case is the same whatever else runs beside it. */
export function choices(seed: number, text: string): Choice {
  let mixed = seed >>> 0;
  for (const character of text) mixed = (Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 0x01000193) + 0x9e3779b9) >>> 0;
  const { next } = seededRandom(mixed);
  const below = (count: number): number => Math.floor(next() * count);
  return {
    next,
    below,
    of(items) {
      if (items.length === 0) throw new Error('nothing to choose from');
      return items[below(items.length)] as (typeof items)[number];
    },
  };
}
