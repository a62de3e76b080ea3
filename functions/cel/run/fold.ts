/** Evaluates what macros are made into. What a fold collects into a list or map is its own, so it grows in place. */
import { accumulatorName, type Call, type Expression, type Fold } from '../syntax/expression.ts';
import { EntryMap } from '../values/map.ts';
import { type CelValue, Failure, isList, isMap, type Result } from '../values/value.ts';
import type { Compiler } from './compile.ts';
import type { Frame, Step } from './frame.ts';
import { keyName } from './select.ts';
import { listCost } from '../cost/range.ts';

export function compileFold(compiler: Compiler, fold: Fold): Step {
  const range = compiler.compile(fold.range);
  const initial = compiler.compile(fold.initial);
  const slot = compiler.depth;
  const inResult = compiler.within([fold.accumulator]);
  const names = fold.secondVariable === undefined ? [fold.variable] : [fold.variable, fold.secondVariable];
  const inLoop = inResult.within(names);
  const condition = inLoop.compile(fold.condition);
  const step = growingStep(inLoop, fold.step, slot) ?? inLoop.compile(fold.step);
  const result = inResult.compile(fold.result);
  const hasTwo = fold.secondVariable !== undefined;
  return (frame) => {
    const over = range(frame);
    if (over instanceof Failure) return over;
    const items = elementsOf(over, hasTwo);
    if (items instanceof Failure) return items;
    const start = initial(frame);
    const collected = looped(frame, { items, start, slot, condition, step });
    if (collected instanceof Failure) return collected;
    frame.slots[slot] = collected;
    return result(frame);
  };
}

interface Loop {
  readonly items: Iterable<readonly CelValue[]>;
  readonly start: Result;
  readonly slot: number;
  readonly condition: Step;
  readonly step: Step;
}

/** A failure may be absorbed by a later step: `[1/0 > 1, true].exists(x, x)`. */
function looped(frame: Frame, { items, start, slot, condition, step }: Loop): Result {
  let collected = start;
  for (const [first = null, second] of items) {
    frame.slots[slot] = collected;
    frame.slots[slot + 1] = first;
    if (second !== undefined) frame.slots[slot + 2] = second;
    if (condition(frame) === false) break;
    collected = step(frame);
  }
  return collected;
}

function elementsOf(value: CelValue, hasTwo: boolean): Iterable<readonly CelValue[]> | Failure {
  if (isList(value)) return hasTwo ? value.map((item, index) => [BigInt(index), item]) : value.map((item) => [item]);
  if (!isMap(value)) return new Failure('no such overload');
  return value.keys().map((key) => (hasTwo ? [key, value.get(key) ?? null] : [key]));
}

const isCollected = (expression: Expression | undefined): boolean =>
  expression?.kind === 'identifier' && expression.name === accumulatorName;

/** `@result + [x]`, `cel.@mapInsert(@result, …)`, with or without a filter before it. */
function growingStep(compiler: Compiler, step: Expression, slot: number): Step | undefined {
  if (step.kind !== 'call') return undefined;
  const [first, second, third] = step.arguments;
  if (step.name === '_?_:_' && first !== undefined && second !== undefined && isCollected(third)) {
    const filter = compiler.compile(first);
    const grown = growingStep(compiler, second, slot);
    return grown === undefined ? undefined : filtered(filter, grown, slot);
  }
  if (!isCollected(first)) return undefined;
  if (step.name === '_+_' && second?.kind === 'list') return appending(compiler.compile(second), slot);
  return step.name === 'cel.@mapInsert' ? inserting(compiler, step, slot) : undefined;
}

function filtered(filter: Step, grown: Step, slot: number): Step {
  return (frame) => {
    const passes = filter(frame);
    if (passes instanceof Failure) return passes;
    if (typeof passes !== 'boolean') return new Failure('no such overload');
    if (passes) return grown(frame);
    frame.charge(1);
    return frame.slots[slot] ?? null;
  };
}

function appending(added: Step, slot: number): Step {
  return (frame) => {
    const items = added(frame);
    if (items instanceof Failure) return items;
    const list = frame.slots[slot];
    if (list instanceof Failure) return list;
    if (list === undefined || !isGrowing(list) || !isList(items)) return new Failure('no such overload');
    frame.charge(2);
    list.push(...items);
    return list;
  };
}

/** Lists of literals are arrays that nothing else holds. */
const isGrowing = (value: CelValue): value is CelValue[] => isList(value);

function inserting(compiler: Compiler, { arguments: [, key, value] }: Call, slot: number): Step | undefined {
  if (key === undefined) return undefined;
  const keyStep = compiler.compile(key);
  const valueStep = value === undefined ? undefined : compiler.compile(value);
  return (frame) => {
    const map = frame.slots[slot];
    if (map instanceof Failure) return map;
    const given = keyStep(frame);
    if (given instanceof Failure) return given;
    const inserted = valueStep?.(frame);
    if (inserted instanceof Failure) return inserted;
    if (!(map instanceof EntryMap)) return new Failure('no such overload');
    frame.charge(listCost);
    return inserted === undefined ? insertAll(map, given) : insertOne(map, given, inserted);
  };
}

const insertOne = (map: EntryMap, key: CelValue, value: CelValue): Result =>
  map.add(key, value) ? map : new Failure(`insert failed: key ${keyName(key)} already exists`);

function insertAll(map: EntryMap, entries: CelValue): Result {
  if (!isMap(entries)) return new Failure('no such overload');
  for (const key of entries.keys()) {
    const result = insertOne(map, key, entries.get(key) ?? null);
    if (result instanceof Failure) return result;
  }
  return map;
}
