/** What an expression is parsed into. Macros are expanded already: `has` is a test, `all` and its like are folds. */
import type { CelValue } from '../values/value.ts';

interface Node {
  /** Unique within its expression. */
  readonly id: number;
  /** Where it stands in the source, in characters. */
  readonly at: number;
}

export interface Literal extends Node {
  readonly kind: 'literal';
  readonly value: CelValue;
}

export interface Identifier extends Node {
  readonly kind: 'identifier';
  readonly name: string;
}

export interface Select extends Node {
  readonly kind: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** Made by `has`: whether the field is there, not what it holds. */
  readonly isTest: boolean;
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expression | undefined;
  readonly arguments: readonly Expression[];
}

export interface ListLiteral extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expression[];
  /** Indexes of the elements that are left out where their optional is empty. */
  readonly optional: ReadonlySet<number>;
}

export interface Entry extends Node {
  readonly key: Expression;
  readonly value: Expression;
  readonly isOptional: boolean;
}

export interface MapLiteral extends Node {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
}

export interface FieldEntry extends Node {
  readonly name: string;
  readonly value: Expression;
  readonly isOptional: boolean;
}

export interface ObjectLiteral extends Node {
  readonly kind: 'object';
  readonly type: string;
  readonly fields: readonly FieldEntry[];
}

export interface Fold extends Node {
  readonly kind: 'fold';
  readonly range: Expression;
  readonly variable: string;
  readonly secondVariable: string | undefined;
  readonly accumulator: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

export type Expression = Literal | Identifier | Select | Call | ListLiteral | MapLiteral | ObjectLiteral | Fold;

/** The variable that macros collect their result in; no source can name it. */
export const accumulatorName = '@result';

/** Every expression below this one, itself first. */
export function* descendants(expression: Expression): Generator<Expression> {
  yield expression;
  for (const child of childrenOf(expression)) yield* descendants(child);
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'select':
      return [expression.operand];
    case 'call':
      return expression.target === undefined ? expression.arguments : [expression.target, ...expression.arguments];
    case 'list':
      return expression.elements;
    case 'map':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'object':
      return expression.fields.map(({ value }) => value);
    case 'fold':
      return [expression.range, expression.initial, expression.condition, expression.step, expression.result];
    case 'literal':
    case 'identifier':
      return [];
  }
}
