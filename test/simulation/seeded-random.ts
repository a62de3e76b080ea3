/** Seeded choices: every choice of a simulation comes from here, so that a seed repeats the whole run. */
import type { Random } from '../../functions/world.ts';
import { seededRandom } from '../support/virtual-world.ts';

export class SeededRandom {
  readonly source: Random;

  constructor(seed: number) {
    this.source = seededRandom(seed);
    // Small seeds begin alike.
    for (let turn = 0; turn < 4; turn += 1) this.source.next();
  }

  /** A second, independent sequence of choices. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.source.next() * 2 ** 32));
  }

  chance(probability: number): boolean {
    return this.source.next() < probability;
  }

  between(low: number, high: number): number {
    return low + this.source.next() * (high - low);
  }

  /** Small values are as likely as large ones: each power of ten gets the same share. */
  scale(low: number, high: number): number {
    return low * (high / low) ** this.source.next();
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.source.next() * from.length)]!;
  }

  /** One of the names, as often as its weight is of all weights. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const names = Object.keys(weights) as K[];
    let rest = this.source.next() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      rest -= weights[name];
      if (rest < 0) return name;
    }
    return names.at(-1)!;
  }
}
