/**
 * Makes a checked expression into functions that evaluate it and count what that costs. Source: cel-go,
 * interpreter/planner.go.
 */
import type { Checked } from '../check/checker.ts';
import { typeNamed } from '../check/environment.ts';
import { callCost } from '../cost/call-cost.ts';
import { listCost, mapCost, objectCost } from '../cost/range.ts';
import { functionNamed } from '../library/functions.ts';
import {
  type Call,
  descendants,
  type Expression,
  type ListLiteral,
  type MapLiteral,
  type ObjectLiteral,
  type Select,
} from '../syntax/expression.ts';
import { isEqual, type Meter } from '../values/equality.ts';
import { EntryMap } from '../values/map.ts';
import { type CelObject, type CelValue, Failure, none, Optional, type Result, TypeValue } from '../values/value.ts';
import { typeOfValue } from '../values/type-of.ts';
import { structType, typeText } from '../check/type.ts';
import { compileFold } from './fold.ts';
import type { Frame, Step } from './frame.ts';
import { fieldOf, hasField, indexOf } from './select.ts';

/** Compiles the parts of one expression; knows which slot each variable of a fold has. */
export class Compiler {
  readonly checked: Checked;
  readonly slots: ReadonlyMap<string, number>;
  /** How many slots are taken above this part. */
  readonly depth: number;

  constructor(checked: Checked, slots: ReadonlyMap<string, number> = new Map(), depth = 0) {
    this.checked = checked;
    this.slots = slots;
    this.depth = depth;
  }

  /** The same, with more variables. */
  within(names: readonly string[]): Compiler {
    const slots = new Map(this.slots);
    for (const [index, name] of names.entries()) slots.set(name, this.depth + index);
    return new Compiler(this.checked, slots, this.depth + names.length);
  }

  compile(expression: Expression): Step {
    switch (expression.kind) {
      case 'literal': {
        const { value } = expression;
        return () => value;
      }
      case 'identifier':
        return this.variable(expression.name);
      case 'select':
        return this.select(expression);
      case 'call':
        return this.call(expression);
      case 'list':
        return this.list(expression);
      case 'map':
        return this.map(expression);
      case 'object':
        return this.object(expression);
      case 'fold':
        return compileFold(this, expression);
    }
  }

  private variable(given: string): Step {
    const slot = this.slots.get(given);
    if (slot !== undefined) {
      return (frame) => {
        frame.charge(1);
        return frame.slots[slot] ?? null;
      };
    }
    const name = given.replace(/^\./u, '');
    const type = this.checked.used.has(name) ? undefined : typeNamed(name);
    if (type !== undefined) {
      const value = new TypeValue(type);
      return () => value;
    }
    return (frame) => {
      frame.charge(1);
      const value = frame.lookUp(name);
      return value === undefined ? new Failure(`no such attribute(s): ${name}`) : value;
    };
  }

  private select(expression: Select): Step {
    const name = this.checked.names.get(expression.id);
    if (name !== undefined) return this.variable(name);
    const operand = this.compile(expression.operand);
    const { field, isTest } = expression;
    return (frame) => {
      const value = operand(frame);
      if (value instanceof Failure) return value;
      if (isTest) return hasField(value, field);
      frame.charge(1);
      return fieldOf(value, field);
    };
  }

  private call(expression: Call): Step {
    const special = specials[expression.name];
    const name = this.checked.names.get(expression.id) ?? expression.name;
    const isMember = expression.target !== undefined && !this.checked.names.has(expression.id);
    const operands = isMember && expression.target !== undefined ? [expression.target, ...expression.arguments] : expression.arguments;
    const steps = operands.map((operand) => this.compile(operand));
    return special?.(steps, operands) ?? called(name, steps);
  }

  private list(expression: ListLiteral): Step {
    const { elements, optional } = expression;
    const cost = isConstant(expression) ? 0 : listCost;
    const steps = elements.map((element) => this.compile(element));
    return (frame) => {
      const values: CelValue[] = [];
      for (const [index, step] of steps.entries()) {
        const value = step(frame);
        if (value instanceof Failure) return value;
        if (!optional.has(index)) values.push(value);
        else if (!(value instanceof Optional)) return new Failure(`cannot initialize optional list element from non-optional value`);
        else if (value.value !== undefined) values.push(value.value);
      }
      frame.charge(cost);
      return values;
    };
  }

  private map(expression: MapLiteral): Step {
    const { entries } = expression;
    const cost = isConstant(expression) ? 0 : mapCost;
    const steps = entries.map(({ key, value, isOptional }) => ({ key: this.compile(key), value: this.compile(value), isOptional }));
    return (frame) => {
      const map = new EntryMap();
      for (const { key, value, isOptional } of steps) {
        const name = key(frame);
        if (name instanceof Failure) return name;
        const given = value(frame);
        if (given instanceof Failure) return given;
        const kept = isOptional ? unwrapped(given) : given;
        if (kept instanceof Failure) return kept;
        if (kept !== undefined) map.set(name, kept);
      }
      frame.charge(cost);
      return map;
    };
  }

  private object({ type, fields }: ObjectLiteral): Step {
    const steps = fields.map(({ name, value, isOptional }) => ({ name, value: this.compile(value), isOptional }));
    return (frame) => {
      const values = new Map<string, CelValue>();
      for (const { name, value, isOptional } of steps) {
        const given = value(frame);
        if (given instanceof Failure) return given;
        const kept = isOptional ? unwrapped(given) : given;
        if (kept instanceof Failure) return kept;
        if (kept !== undefined) values.set(name, kept);
      }
      frame.charge(objectCost);
      return madeObject(type, values);
    };
  }
}

/** Upstream makes such literals once, so that they cost nothing. */
const isConstant = (expression: Expression): boolean =>
  expression.kind !== 'fold' && [...descendants(expression)].every(({ kind }) => kind === 'literal' || kind === 'list' || kind === 'map');

function unwrapped(value: CelValue): CelValue | undefined | Failure {
  return value instanceof Optional ? value.value : new Failure('cannot initialize optional entry from non-optional value');
}

const madeObject = (name: string, fields: ReadonlyMap<string, CelValue>): CelObject => ({
  isObject: true,
  type: structType(name),
  field: (field) => fields.get(field),
  fieldNames: () => [...fields.keys()],
});

/** Comparing deep values takes longer than upstream's price allows. */
const nodesPerUnit = 1;

const extraCost = ({ nodes }: Meter): number => (nodes < nodesFree ? 0 : Math.floor(nodes / nodesPerUnit));
const nodesFree = 100;

function evaluated(steps: readonly Step[], frame: Frame): CelValue[] | Failure {
  const values: CelValue[] = [];
  for (const step of steps) {
    const value = step(frame);
    if (value instanceof Failure) return value;
    values.push(value);
  }
  return values;
}

function called(name: string, steps: readonly Step[]): Step {
  const run = functionNamed(name);
  const cost = callCost(name);
  return (frame) => {
    const values = evaluated(steps, frame);
    if (values instanceof Failure) return values;
    const meter: Meter = { nodes: 0 };
    // What is known to cost too much is not begun.
    const ahead = cost(values, null);
    frame.charge(ahead);
    const result = run?.(values, meter) ?? noOverload(name, values);
    frame.charge(Math.max(cost(values, result) - ahead, 0) + extraCost(meter));
    return result;
  };
}

const operators = /^(?:_.*_|!_|-_|@in)$/u;

function noOverload(name: string, values: readonly CelValue[]): Failure {
  if (operators.test(name)) return new Failure('no such overload');
  return new Failure(`no such overload: ${name}(${values.map((value) => typeText(typeOfValue(value)).split('(', 1)[0] ?? '').join(', ')})`);
}

type Special = (steps: readonly Step[], operands: readonly Expression[]) => Step | undefined;

/** Calls that do not evaluate all their arguments, or bear failed ones. */
const specials: Readonly<Record<string, Special>> = {
  '_&&_': (steps) => shortCircuit(steps, false),
  '_||_': (steps) => shortCircuit(steps, true),
  '_?_:_': ([condition, yes, no]) => {
    if (condition === undefined || yes === undefined || no === undefined) return undefined;
    return (frame) => {
      const value = condition(frame);
      if (value instanceof Failure) return value;
      if (typeof value !== 'boolean') return new Failure('no such overload');
      return value ? yes(frame) : no(frame);
    };
  },
  '@not_strictly_false':
    ([step]) =>
    (frame) => {
      frame.charge(1);
      return step?.(frame) !== false;
    },
  '_==_': (steps) => equality(steps, true),
  '_!=_': (steps) => equality(steps, false),
  '_[_]': ([target, index]) => {
    if (target === undefined || index === undefined) return undefined;
    return (frame) => {
      const [value, key] = [target(frame), index(frame)];
      if (value instanceof Failure) return value;
      if (key instanceof Failure) return key;
      frame.charge(1);
      return indexOf(value, key);
    };
  },
  '_[?_]': (steps) => optionalOf(steps, (value, key) => indexOf(value, key)),
  '_?._': (steps) => optionalOf(steps, (value, key) => (typeof key === 'string' ? fieldOf(value, key) : new Failure('no such overload'))),
  or: (steps) => fallback(steps, (optional) => optional),
  orValue: (steps) => fallback(steps, ({ value = null }) => value),
};

function shortCircuit([left, right]: readonly Step[], decisive: boolean): Step | undefined {
  if (left === undefined || right === undefined) return undefined;
  return (frame) => {
    const first = left(frame);
    if (first === decisive) return decisive;
    const second = right(frame);
    if (second === decisive) return decisive;
    if (first instanceof Failure) return first;
    if (second instanceof Failure) return second;
    return typeof first === 'boolean' && typeof second === 'boolean' ? !decisive : new Failure('no such overload');
  };
}

function equality(steps: readonly Step[], wanted: boolean): Step {
  const cost = callCost('_==_');
  return (frame) => {
    const values = evaluated(steps, frame);
    if (values instanceof Failure) return values;
    const meter: Meter = { nodes: 0 };
    const result = isEqual(values[0] ?? null, values[1] ?? null, meter) === wanted;
    frame.charge(cost(values, result) + extraCost(meter));
    return result;
  };
}

/** A selection that comes to nothing where there is nothing to select. */
function optionalOf([target, key]: readonly Step[], select: (value: CelValue, key: CelValue) => Result): Step | undefined {
  if (target === undefined || key === undefined) return undefined;
  return (frame) => {
    const given = target(frame);
    if (given instanceof Failure) return given;
    const name = key(frame);
    if (name instanceof Failure) return name;
    frame.charge(1);
    const value = given instanceof Optional ? given.value : given;
    if (value === undefined) return none;
    const found = select(value, name);
    if (!(found instanceof Failure)) return new Optional(found);
    return /^(?:no such key|index out of bounds|index '.*' out of range)/u.test(found.message) ? none : found;
  };
}

function fallback([left, right]: readonly Step[], present: (optional: Optional) => CelValue): Step | undefined {
  if (left === undefined || right === undefined) return undefined;
  return (frame) => {
    const value = left(frame);
    if (value instanceof Failure) return value;
    if (!(value instanceof Optional)) return new Failure('no such overload');
    return value.value === undefined ? right(frame) : present(value);
  };
}
