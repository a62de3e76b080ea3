/** Calls that are expanded as they are parsed. Source: cel-go, parser/macro.go, ext/comprehensions.go, cel/library.go. */
import { accumulatorName, type Expression } from './expression.ts';
import type { ExpressionFactory } from './factory.ts';
import { SyntaxIssue } from './issues.ts';

export interface MacroCall {
  readonly at: number;
  readonly name: string;
  readonly target: Expression | undefined;
  readonly arguments: readonly Expression[];
}

/** Undefined where the call is no macro. */
export function expandMacro(make: ExpressionFactory, call: MacroCall): Expression | undefined {
  const count = call.arguments.length;
  if (call.target === undefined) return call.name === 'has' && count === 1 ? presenceTest(make, call) : undefined;
  return memberMacros[`${call.name}/${count}`]?.(make, call, call.target);
}

function presenceTest(make: ExpressionFactory, { at, arguments: [argument] }: MacroCall): Expression {
  if (argument?.kind !== 'select') throw new SyntaxIssue(argument?.at ?? at, 'invalid argument to has() macro');
  return make.select(at, argument.operand, argument.field, true);
}

type MemberMacro = (make: ExpressionFactory, call: MacroCall, range: Expression) => Expression;

interface Quantifier {
  readonly initial: (make: ExpressionFactory, at: number) => Expression;
  readonly condition: (make: ExpressionFactory, at: number) => Expression;
  readonly step: (make: ExpressionFactory, at: number, predicate: Expression) => Expression;
  readonly result: (make: ExpressionFactory, at: number) => Expression;
}

const always = (make: ExpressionFactory, at: number): Expression => make.literal(at, true);
const collected = (make: ExpressionFactory, at: number): Expression => make.accumulator(at);

const all: Quantifier = {
  initial: always,
  condition: (make, at) => make.call(at, '@not_strictly_false', [make.accumulator(at)]),
  step: (make, at, predicate) => make.call(at, '_&&_', [make.accumulator(at), predicate]),
  result: collected,
};

const exists: Quantifier = {
  initial: (make, at) => make.literal(at, false),
  condition: (make, at) => make.call(at, '@not_strictly_false', [make.call(at, '!_', [make.accumulator(at)])]),
  step: (make, at, predicate) => make.call(at, '_||_', [make.accumulator(at), predicate]),
  result: collected,
};

const existsOne: Quantifier = {
  initial: (make, at) => make.literal(at, 0n),
  condition: always,
  step: (make, at, predicate) =>
    make.call(at, '_?_:_', [predicate, make.call(at, '_+_', [make.accumulator(at), make.literal(at, 1n)]), make.accumulator(at)]),
  result: (make, at) => make.call(at, '_==_', [make.accumulator(at), make.literal(at, 1n)]),
};

interface Variables {
  readonly variable: string;
  readonly secondVariable: string | undefined;
  readonly rest: readonly Expression[];
}

function variablesOf({ arguments: args }: MacroCall, count: 1 | 2, complaint: string): Variables {
  const names = args.slice(0, count).map((argument) => {
    if (argument.kind !== 'identifier') throw new SyntaxIssue(argument.at, complaint);
    return argument.name;
  });
  const [variable = '', secondVariable] = names;
  if (variable === secondVariable) throw new SyntaxIssue(args[1]?.at ?? 0, `duplicate variable name: ${variable}`);
  for (const [index, name] of names.entries()) {
    if (name === accumulatorName || name === '__result__') {
      throw new SyntaxIssue(args[index]?.at ?? 0, 'iteration variable overwrites accumulator variable');
    }
  }
  return { variable, secondVariable, rest: args.slice(count) };
}

const simpleName = 'argument must be a simple name';

const quantified =
  (quantifier: Quantifier, count: 1 | 2): MemberMacro =>
  (make, call, range) => {
    const { at } = call;
    const { variable, secondVariable, rest } = variablesOf(call, count, simpleName);
    const [predicate = make.literal(at, true)] = rest;
    return make.fold(at, {
      range,
      variable,
      secondVariable,
      accumulator: accumulatorName,
      initial: quantifier.initial(make, at),
      condition: quantifier.condition(make, at),
      step: quantifier.step(make, at, predicate),
      result: quantifier.result(make, at),
    });
  };

/** A fold that adds to what it has collected for each element that passes the filter, if there is one. */
function collecting(
  count: 1 | 2,
  initial: (make: ExpressionFactory, at: number) => Expression,
  added: (make: ExpressionFactory, call: MacroCall, variables: Variables) => { readonly filter?: Expression; readonly step: Expression },
): MemberMacro {
  return (make, call, range) => {
    const { at } = call;
    const variables = variablesOf(call, count, count === 1 ? 'argument is not an identifier' : simpleName);
    const { filter, step } = added(make, call, variables);
    return make.fold(at, {
      range,
      variable: variables.variable,
      secondVariable: variables.secondVariable,
      accumulator: accumulatorName,
      initial: initial(make, at),
      condition: always(make, at),
      step: filter === undefined ? step : make.call(at, '_?_:_', [filter, step, make.accumulator(at)]),
      result: collected(make, at),
    });
  };
}

const emptyList = (make: ExpressionFactory, at: number): Expression => make.list(at, []);
const emptyMap = (make: ExpressionFactory, at: number): Expression => make.map(at, []);

const appended = (make: ExpressionFactory, at: number, element: Expression): Expression =>
  make.call(at, '_+_', [make.accumulator(at), make.list(at, [element])]);

/** The last argument makes the element, the one before it filters. */
function filterAndLast(rest: readonly Expression[], fallback: Expression): { readonly filter?: Expression; readonly last: Expression } {
  const [first = fallback, second] = rest;
  return second === undefined ? { last: first } : { filter: first, last: second };
}

const mapped = (count: 1 | 2): MemberMacro =>
  collecting(count, emptyList, (make, { at }, { rest }) => {
    const { last, ...filter } = filterAndLast(rest, make.literal(at, null));
    return { ...filter, step: appended(make, at, last) };
  });

const filtered = collecting(1, emptyList, (make, { at, arguments: [element] }, { rest: [filter] }) => ({
  ...(filter === undefined ? {} : { filter }),
  step: appended(make, at, element ?? make.literal(at, null)),
}));

const transformedMap = collecting(2, emptyMap, (make, { at }, { variable, rest }) => {
  const { last, ...filter } = filterAndLast(rest, make.literal(at, null));
  return { ...filter, step: make.call(at, 'cel.@mapInsert', [make.accumulator(at), make.identifier(at, variable), last]) };
});

const transformedEntries = collecting(2, emptyMap, (make, { at }, { rest }) => {
  const { last, ...filter } = filterAndLast(rest, make.literal(at, null));
  return { ...filter, step: make.call(at, 'cel.@mapInsert', [make.accumulator(at), last]) };
});

/** Binds what an optional holds to a name, within the expression. */
const optionalMap =
  (name: string, wrap: (make: ExpressionFactory, at: number, inner: Expression) => Expression): MemberMacro =>
  (make, { at, arguments: [variable, inner] }, target) => {
    if (variable?.kind !== 'identifier') throw new SyntaxIssue(variable?.at ?? at, `${name}() variable name must be a simple identifier`);
    const bound = make.fold(at, {
      range: make.list(at, []),
      variable: '#unused',
      secondVariable: undefined,
      accumulator: variable.name,
      initial: make.call(at, 'value', [], make.copy(target)),
      condition: make.literal(at, false),
      step: make.identifier(at, variable.name),
      result: inner ?? make.literal(at, null),
    });
    return make.call(at, '_?_:_', [make.call(at, 'hasValue', [], target), wrap(make, at, bound), make.call(at, 'optional.none', [])]);
  };

const sortInput = '@__sortBy_input__';

/** Sorts by keys that are made once for each element. */
const sortedBy: MemberMacro = (make, call, target) => {
  const { at } = call;
  const input = (): Expression => make.identifier(at, sortInput);
  const keys = mapped(1)(make, call, input());
  return make.fold(at, {
    range: make.list(at, []),
    variable: '#unused',
    secondVariable: undefined,
    accumulator: sortInput,
    initial: target,
    condition: make.literal(at, false),
    step: input(),
    result: make.call(at, '@sortByAssociatedKeys', [keys], input()),
  });
};

const memberMacros: Readonly<Record<string, MemberMacro>> = {
  'all/2': quantified(all, 1),
  'exists/2': quantified(exists, 1),
  'exists_one/2': quantified(existsOne, 1),
  'existsOne/2': quantified(existsOne, 1),
  'all/3': quantified(all, 2),
  'exists/3': quantified(exists, 2),
  'existsOne/3': quantified(existsOne, 2),
  'exists_one/3': quantified(existsOne, 2),
  'map/2': mapped(1),
  'map/3': mapped(1),
  'filter/2': filtered,
  'transformList/3': mapped(2),
  'transformList/4': mapped(2),
  'transformMap/3': transformedMap,
  'transformMap/4': transformedMap,
  'transformMapEntry/3': transformedEntries,
  'transformMapEntry/4': transformedEntries,
  'sortBy/2': sortedBy,
  'optMap/2': optionalMap('optMap', (make, at, inner) => make.call(at, 'optional.of', [inner])),
  'optFlatMap/2': optionalMap('optFlatMap', (_, __, inner) => inner),
};
