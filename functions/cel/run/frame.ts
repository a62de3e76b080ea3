/** What one evaluation carries: variables, the values of folds, and what it has cost so far. */
import type { Result } from '../values/value.ts';

/** Thrown, since nothing may absorb it. */
export class CostExceeded extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

export class Frame {
  cost = 0;
  readonly limit: number;
  /** Variables of folds, by the place that compiling gave them. */
  readonly slots: Result[] = [];
  private readonly variable: (name: string) => Result | undefined;

  constructor(variable: (name: string) => Result | undefined, limit: number) {
    this.variable = variable;
    this.limit = limit;
  }

  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new CostExceeded();
  }

  lookUp(name: string): Result | undefined {
    return this.variable(name);
  }
}

/** One compiled part of an expression. */
export type Step = (frame: Frame) => Result;
