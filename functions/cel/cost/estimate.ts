/** What an expression costs at most, before it runs: sizes come from the schema. Source: cel-go, checker/cost.go. */
import type { Checked } from '../check/checker.ts';
import { type CelType, dynType, firstParameter, isOptional } from '../check/type.ts';
import type { DeclaredType } from '../declared-type.ts';
import { accumulatorName, type Call, type Expression, type Fold, type ListLiteral, type MapLiteral } from '../syntax/expression.ts';
import { callEstimate, type CallEstimate } from './call-estimate.ts';
import { add, fixed, largest, listCost, mapCost, multiply, nothing, objectCost, type Range, sum, union, unknown } from './range.ts';

/** Where a value comes from: a variable, then fields, `@items`, `@values`, `@keys`. */
export type Path = readonly string[];

/** A part of an expression as costs see it. */
export interface CostNode {
  readonly expression: Expression | undefined;
  readonly type: CelType;
  readonly path: Path;
  readonly size: Range | undefined;
}

/** The size that a schema allows at a path. */
export type SizeAt = (path: Path) => Range | undefined;

/** Sizes below a variable that a declared type describes. */
export function sizesOf(root: DeclaredType): SizeAt {
  return (path) => {
    if (path.length === 0) return undefined;
    let current: DeclaredType | undefined = root;
    for (const name of path.slice(1)) {
      if (name === '@items' || name === '@values') current = current.element;
      else if (name === '@keys') current = current.key;
      else current = current.fields?.get(name)?.declared;
      if (current === undefined) return undefined;
    }
    return { min: 0, max: current.sizeMax };
  };
}

export const costMax = (checked: Checked, sizeAt: SizeAt): number => new Estimator(checked, sizeAt).cost(checked.expression).max;

interface EntrySizes {
  readonly container: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}

interface Local {
  readonly path: Path;
  readonly size: Range | undefined;
  readonly entries: EntrySizes | undefined;
}

class Estimator {
  private readonly checked: Checked;
  private readonly sizeAt: SizeAt;
  private readonly paths = new Map<number, Path>();
  private readonly sizes = new Map<number, Range>();
  private readonly entries = new Map<number, EntrySizes>();
  private locals: ReadonlyMap<string, Local> = new Map();

  constructor(checked: Checked, sizeAt: SizeAt) {
    this.checked = checked;
    this.sizeAt = sizeAt;
  }

  cost(expression: Expression): Range {
    switch (expression.kind) {
      case 'literal':
        return nothing;
      case 'identifier':
        this.paths.set(expression.id, this.locals.get(expression.name)?.path ?? [expression.name]);
        return fixed(1);
      case 'select':
        return this.select(expression);
      case 'call':
        return this.call(expression);
      case 'list':
        return this.list(expression);
      case 'map':
        return this.map(expression);
      case 'object':
        return expression.fields.reduce((total, { value }) => add(total, this.cost(value)), fixed(objectCost));
      case 'fold':
        return this.fold(expression);
    }
  }

  private type({ id }: Expression): CelType {
    return this.checked.types.get(id) ?? dynType;
  }

  private path(expression: Expression): Path {
    const local = expression.kind === 'identifier' ? this.locals.get(expression.name) : undefined;
    return local?.path ?? this.paths.get(expression.id) ?? [];
  }

  private select(expression: Extract<Expression, { kind: 'select' }>): Range {
    const name = this.checked.names.get(expression.id);
    if (name !== undefined) {
      this.paths.set(expression.id, [name]);
      return fixed(1);
    }
    const operand = this.cost(expression.operand);
    if (expression.isTest) return operand;
    this.paths.set(expression.id, [...this.path(expression.operand), expression.field]);
    const { kind } = this.type(expression.operand);
    return kind === 'map' || kind === 'struct' || kind === 'parameter' ? add(operand, fixed(1)) : operand;
  }

  private node(expression: Expression): CostNode {
    const path = this.path(expression);
    const isCollected = path[0] === accumulatorName;
    return { expression, type: this.type(expression), path: isCollected ? [] : path, size: this.size(expression) };
  }

  private call(expression: Call): Range {
    const [first] = expression.arguments;
    if (expression.name === 'dyn' && first !== undefined) {
      const cost = add(fixed(1), this.cost(first));
      this.copySizes(expression, first);
      return cost;
    }
    const argumentCosts = expression.arguments.map((argument) => this.cost(argument));
    const overloads = this.checked.overloads.get(expression.id) ?? [];
    if (overloads.length === 0) return nothing;
    const name = this.checked.names.get(expression.id) ?? expression.name;
    const target = this.checked.names.has(expression.id) ? undefined : expression.target;
    const targetCost = target === undefined ? nothing : this.cost(target);
    const nodes = expression.arguments.map((argument) => this.node(argument));
    const targetNode = target === undefined ? undefined : this.node(target);
    let cost: Range = { min: largest, max: 0 };
    let size: Range | undefined;
    for (const overload of overloads) {
      const estimate = this.overload(expression, { name, overload, target: targetNode, arguments: nodes, argumentCosts });
      cost = union(cost, estimate.cost);
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size);
      size = this.indexed(expression, overload) ?? size;
      size ??= this.size(expression);
    }
    if (size !== undefined) this.sizes.set(expression.id, size);
    return add(targetCost, cost);
  }

  private indexed(expression: Call, overload: string): Range | undefined {
    const [container] = expression.arguments;
    if (container === undefined || (overload !== 'index_list' && overload !== 'index_map')) return undefined;
    this.paths.set(expression.id, [...this.path(container), overload === 'index_list' ? '@items' : '@values']);
    return this.entriesOf(container)?.value;
  }

  private overload(
    expression: Call,
    call: Parameters<typeof callEstimate>[0] & { readonly argumentCosts: readonly Range[] },
  ): CallEstimate {
    const [first = nothing, second = nothing, third = nothing] = call.argumentCosts;
    switch (call.overload) {
      case 'logical_or':
      case 'logical_and':
        return { cost: { min: first.min, max: add(first, second).max } };
      case 'conditional': {
        const [, yes, no] = expression.arguments;
        if (yes !== undefined && no !== undefined) this.joinEntries(expression, yes, no);
        const [, yesNode, noNode] = call.arguments;
        return { cost: add(first, union(second, third)), size: union(yesNode?.size ?? unknown, noNode?.size ?? unknown) };
      }
      case 'add_string':
      case 'add_bytes':
      case 'add_list': {
        const [left, right] = expression.arguments;
        if (left !== undefined && right !== undefined) this.joinEntries(expression, left, right);
        break;
      }
    }
    const own = callEstimate(call, (node) => this.sizeAt(node.path));
    return { ...own, cost: sum(own.cost, ...call.argumentCosts) };
  }

  private joinEntries(to: Expression, one: Expression, other: Expression): void {
    const [left, right] = [this.entriesOf(one), this.entriesOf(other)];
    if (left === undefined || right === undefined) return;
    this.entries.set(to.id, { container: left.container, key: union(left.key, right.key), value: union(left.value, right.value) });
  }

  private list(expression: ListLiteral): Range {
    let cost = fixed(listCost);
    let value: Range = { min: expression.elements.length === 0 ? 0 : largest, max: 0 };
    for (const element of expression.elements) {
      cost = add(cost, this.cost(element));
      value = union(value, this.size(element) ?? unknown);
    }
    this.entries.set(expression.id, { container: 'list', key: fixed(1), value });
    return cost;
  }

  private map(expression: MapLiteral): Range {
    let cost = fixed(mapCost);
    const empty: Range = { min: expression.entries.length === 0 ? 0 : largest, max: 0 };
    let [key, value] = [empty, empty];
    for (const entry of expression.entries) {
      cost = sum(cost, this.cost(entry.key), this.cost(entry.value));
      key = union(key, this.size(entry.key) ?? unknown);
      value = union(value, this.size(entry.value) ?? unknown);
    }
    this.entries.set(expression.id, { container: 'map', key, value });
    return cost;
  }

  private fold(fold: Fold): Range {
    if (isBinding(fold)) return this.binding(fold);
    const before = sum(this.cost(fold.range), this.cost(fold.initial));
    const outer = this.locals;
    const collected: Local = { path: this.path(fold.initial), size: this.size(fold.initial), entries: this.entriesOf(fold.initial) };
    const withResult = new Map(outer).set(fold.accumulator, collected);
    this.locals = this.withElements(fold, withResult);
    const each = add(this.cost(fold.condition), this.cost(fold.step));
    this.locals = withResult;
    const result = this.cost(fold.result);
    this.locals = outer;
    const count = this.size(fold.range) ?? unknown;
    this.foldSizes(fold, count);
    return sum(before, result, multiply(count, each));
  }

  private foldSizes(fold: Fold, count: Range): void {
    if (fold.initial.kind === 'literal') {
      const size = this.size(fold.initial);
      if (size !== undefined) this.sizes.set(fold.id, size);
    } else if (fold.initial.kind === 'list' || fold.initial.kind === 'map') {
      this.sizes.set(fold.id, count);
      const entries = this.entriesOf(fold.step);
      if (entries !== undefined) this.entries.set(fold.id, entries);
    }
  }

  private withElements({ range, variable, secondVariable }: Fold, locals: ReadonlyMap<string, Local>): ReadonlyMap<string, Local> {
    const entries = this.entriesOf(range);
    const isList = (entries?.container ?? this.type(range).kind) === 'list';
    const path = this.path(range);
    const key: Local = { path: [...path, isList ? '@indices' : '@keys'], size: entries?.key, entries: undefined };
    const value: Local = { path: [...path, isList ? '@items' : '@values'], size: entries?.value, entries: undefined };
    if (secondVariable !== undefined) return new Map(locals).set(variable, key).set(secondVariable, value);
    return new Map(locals).set(variable, isList ? value : { ...key, path: [...path, '@keys'] });
  }

  private binding(fold: Fold): Range {
    const before = sum(this.cost(fold.range), this.cost(fold.initial));
    const outer = this.locals;
    const bound: Local = { path: this.path(fold.initial), size: this.size(fold.initial), entries: this.entriesOf(fold.initial) };
    this.locals = new Map(outer).set(fold.accumulator, bound);
    const result = this.cost(fold.result);
    this.copySizes(fold, fold.result);
    this.locals = outer;
    return add(before, result);
  }

  private copySizes(to: Expression, from: Expression): void {
    const size = this.size(from);
    if (size !== undefined) this.sizes.set(to.id, size);
    const entries = this.entriesOf(from);
    if (entries !== undefined) this.entries.set(to.id, entries);
  }

  private size(expression: Expression): Range | undefined {
    const known = this.sizes.get(expression.id) ?? literalSize(expression);
    if (known !== undefined) return known;
    const declared = this.sizeAt(this.path(expression));
    if (declared !== undefined) {
      this.sizes.set(expression.id, declared);
      return declared;
    }
    if (isScalar(this.type(expression))) return fixed(1);
    return expression.kind === 'identifier' ? this.locals.get(expression.name)?.size : undefined;
  }

  private entriesOf(expression: Expression): EntrySizes | undefined {
    const known = this.entries.get(expression.id);
    if (known !== undefined || expression.kind !== 'identifier') return known;
    return this.locals.get(expression.name)?.entries;
  }
}

const isBinding = ({ range, condition, accumulator }: Fold): boolean =>
  range.kind === 'list' &&
  range.elements.length === 0 &&
  condition.kind === 'literal' &&
  condition.value === false &&
  accumulator !== '__result__';

function literalSize(expression: Expression): Range | undefined {
  if (expression.kind === 'list') return fixed(expression.elements.length);
  if (expression.kind === 'map') return fixed(expression.entries.length);
  if (expression.kind !== 'literal') return undefined;
  const { value } = expression;
  if (typeof value === 'string') return fixed(Array.from(value).length);
  return fixed(value instanceof Uint8Array ? value.length : 1);
}

function isScalar(type: CelType): boolean {
  if (isOptional(type)) return isScalar(firstParameter(type));
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}
