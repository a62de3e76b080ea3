/** Literals that can be seen to be wrong before anything runs. Source: cel-go, cel/validator.go. */
import { compilePattern } from '../../kube/patterns.ts';
import { type Call, descendants, type Expression, type ListLiteral, type MapLiteral } from '../syntax/expression.ts';
import type { Issue } from '../syntax/issues.ts';
import { parseDuration, parseTimestamp } from '../values/time.ts';
import { Failure } from '../values/value.ts';
import type { Checked } from './checker.ts';
import { type CelType, dynType, isSameType, typeText, withoutOptional } from './type.ts';

const argumentChecks: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => !(parseDuration(text) instanceof Failure),
  timestamp: (text) => !(parseTimestamp(text) instanceof Failure),
  matches: (text) => typeof compilePattern(text) !== 'string',
};

export function literalIssues(checked: Checked): Issue[] {
  const all = [...descendants(checked.expression)];
  const calls = all.flatMap((expression) => (expression.kind === 'call' ? argumentIssues(expression) : []));
  const typeOf = ({ id }: Expression): CelType => checked.types.get(id) ?? dynType;
  const formatted = formattedParts(all);
  const mixable = all.filter((expression) => !formatted.has(expression));
  const lists = mixable.flatMap((expression) => (expression.kind === 'list' ? mixedElements(expression, typeOf) : []));
  const maps = mixable.flatMap((expression) => (expression.kind === 'map' ? mixedEntries(expression, typeOf) : []));
  return [...calls, ...lists, ...maps, ...all.flatMap((expression) => (expression.kind === 'call' ? formatIssues(expression) : []))];
}

const isFormat = (expression: Expression): expression is Call => expression.kind === 'call' && expression.name === 'format';

/** What is formatted may be of any types. */
const formattedParts = (all: readonly Expression[]): ReadonlySet<Expression> =>
  new Set(all.filter(isFormat).flatMap((call) => call.arguments.flatMap((argument) => [...descendants(argument)])));

function formatIssues(call: Call): Issue[] {
  const [list] = call.arguments;
  if (!isFormat(call) || call.target?.kind !== 'literal' || typeof call.target.value !== 'string' || list?.kind !== 'list') return [];
  const count = [...call.target.value.matchAll(/%(?:%|(?:\.\d+)?[a-zA-Z])/gu)].filter(([clause]) => clause !== '%%').length;
  return count > list.elements.length ? [{ at: call.at, message: `index ${list.elements.length} out of range` }] : [];
}

function argumentIssues({ name, arguments: [argument] }: Call): Issue[] {
  const check = argumentChecks[name];
  if (check === undefined || argument?.kind !== 'literal' || typeof argument.value !== 'string') return [];
  return check(argument.value) ? [] : [{ at: argument.at, message: `invalid ${name} argument` }];
}

type TypeOf = (expression: Expression) => CelType;

const mismatch = (at: number, expected: CelType, found: CelType): Issue[] =>
  isSameType(expected, found) ? [] : [{ at, message: `expected type '${typeText(expected)}' but found '${typeText(found)}'` }];

function mixedElements({ elements, optional }: ListLiteral, typeOf: TypeOf): Issue[] {
  const types = elements.map((element, index) => (optional.has(index) ? withoutOptional(typeOf(element)) : typeOf(element)));
  const [first = dynType] = types;
  return elements.flatMap((element, index) => mismatch(element.at, first, types[index] ?? first)).slice(0, 1);
}

function mixedEntries({ entries }: MapLiteral, typeOf: TypeOf): Issue[] {
  const [first] = entries;
  if (first === undefined) return [];
  const keyType = typeOf(first.key);
  const valueOf = ({ value, isOptional }: (typeof entries)[number]): CelType =>
    isOptional ? withoutOptional(typeOf(value)) : typeOf(value);
  const valueType = valueOf(first);
  return entries
    .flatMap((entry) => [...mismatch(entry.key.at, keyType, typeOf(entry.key)), ...mismatch(entry.value.at, valueType, valueOf(entry))])
    .slice(0, 1);
}
