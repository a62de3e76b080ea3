/** Makes expressions, each with a number of its own. */
import type { CelValue } from '../values/value.ts';
import { accumulatorName, type Entry, type Expression, type FieldEntry, type Fold } from './expression.ts';

export class ExpressionFactory {
  private last = 0;

  at(at: number): { readonly id: number; readonly at: number } {
    this.last += 1;
    return { id: this.last, at };
  }

  literal(at: number, value: CelValue): Expression {
    return { ...this.at(at), kind: 'literal', value };
  }

  identifier(at: number, name: string): Expression {
    return { ...this.at(at), kind: 'identifier', name };
  }

  accumulator(at: number): Expression {
    return this.identifier(at, accumulatorName);
  }

  select(at: number, operand: Expression, field: string, isTest = false): Expression {
    return { ...this.at(at), kind: 'select', operand, field, isTest };
  }

  call(at: number, name: string, args: readonly Expression[], target?: Expression): Expression {
    return { ...this.at(at), kind: 'call', name, target, arguments: args };
  }

  list(at: number, elements: readonly Expression[], optional: ReadonlySet<number> = new Set()): Expression {
    return { ...this.at(at), kind: 'list', elements, optional };
  }

  map(at: number, entries: readonly Entry[]): Expression {
    return { ...this.at(at), kind: 'map', entries };
  }

  object(at: number, type: string, fields: readonly FieldEntry[]): Expression {
    return { ...this.at(at), kind: 'object', type, fields };
  }

  fold(at: number, fold: Omit<Fold, 'kind' | 'id' | 'at'>): Expression {
    return { ...this.at(at), kind: 'fold', ...fold };
  }

  /** The same expression once more, with numbers of its own. */
  copy(expression: Expression): Expression {
    const again = { ...expression, ...this.at(expression.at) };
    switch (again.kind) {
      case 'select':
        return { ...again, operand: this.copy(again.operand) };
      case 'call': {
        const target = again.target === undefined ? undefined : this.copy(again.target);
        return { ...again, target, arguments: again.arguments.map((one) => this.copy(one)) };
      }
      case 'list':
        return { ...again, elements: again.elements.map((one) => this.copy(one)) };
      case 'map':
        return { ...again, entries: again.entries.map((one) => ({ ...one, key: this.copy(one.key), value: this.copy(one.value) })) };
      case 'object':
        return { ...again, fields: again.fields.map((one) => ({ ...one, value: this.copy(one.value) })) };
      case 'fold':
        return this.copyOfFold(again);
      case 'literal':
      case 'identifier':
        return again;
    }
  }

  private copyOfFold(fold: Fold): Fold {
    return {
      ...fold,
      range: this.copy(fold.range),
      initial: this.copy(fold.initial),
      condition: this.copy(fold.condition),
      step: this.copy(fold.step),
      result: this.copy(fold.result),
    };
  }
}
