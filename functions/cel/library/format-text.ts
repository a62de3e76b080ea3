/** `'%s is %d'.format([name, count])`. Source: cel-go, ext/formatting.go. */
import {
  type CelValue,
  Duration,
  Failure,
  isList,
  isMap,
  isObjectValue,
  type Result,
  Timestamp,
  TypeValue,
  Uint,
} from '../values/value.ts';
import { doubleText, toText } from './conversions.ts';

const clause = /%(?:%|(?:\.(\d+))?([a-zA-Z]))?/gu;

export function formatted(template: string, args: readonly CelValue[]): Result {
  let next = 0;
  let failure: Failure | undefined;
  const text = template.replaceAll(clause, (whole, precision: string | undefined, verb: string | undefined) => {
    if (whole === '%%') return '%';
    if (failure !== undefined) return '';
    const value = args[next];
    next += 1;
    const shown = verb === undefined ? new Failure('unexpected end of string') : shownAs(verb, value, precision);
    if (!(shown instanceof Failure)) return shown;
    failure = shown;
    return '';
  });
  return failure ?? text;
}

const defaultDigits = 6;

function shownAs(verb: string, value: CelValue | undefined, precision: string | undefined): string | Failure {
  if (value === undefined) return new Failure('index out of range');
  switch (verb) {
    case 's':
      return textOf(value);
    case 'd':
      return whole(value);
    case 'f':
      return decimal(value, verb, (number) => number.toFixed(Number(precision ?? defaultDigits)));
    case 'e':
      return decimal(value, verb, (number) => exponential(number, Number(precision ?? defaultDigits)));
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : based(value, verb, 2);
    case 'o':
      return based(value, verb, 8);
    case 'x':
      return hexadecimal(value, verb);
    case 'X': {
      const text = hexadecimal(value, verb);
      return text instanceof Failure ? text : text.toUpperCase();
    }
    default:
      return new Failure(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

const refused = (what: string, allowed: string): Failure =>
  new Failure(`error during formatting: ${what} clause can only be used on ${allowed}`);

function whole(value: CelValue): string | Failure {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint) return String(value.value);
  if (typeof value === 'number' && !Number.isFinite(value)) return special(value);
  return typeof value === 'number' ? doubleText(value) : refused('decimal', 'numbers');
}

function special(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

function decimal(value: CelValue, verb: string, show: (number: number) => string): string | Failure {
  const number = value instanceof Uint ? Number(value.value) : value;
  if (typeof number === 'bigint') return show(Number(number));
  if (typeof number !== 'number') return refused(verb === 'f' ? 'fixed-point' : 'scientific', 'numbers');
  return Number.isFinite(number) ? show(number) : special(number);
}

const raised = Array.from('⁰¹²³⁴⁵⁶⁷⁸⁹');

/** `1.50×10⁰³`: upstream writes exponents so. */
function exponential(value: number, digits: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential(digits).split('e');
  const power = exponent.replace(/[+-]/u, '').padStart(2, '0');
  const sign = exponent.startsWith('-') ? '⁻' : '';
  return `${mantissa}×10${sign}${Array.from(power, (digit) => raised[Number(digit)] ?? '').join('')}`;
}

function based(value: CelValue, verb: string, base: number): string | Failure {
  if (typeof value === 'bigint') return value.toString(base);
  return value instanceof Uint ? value.value.toString(base) : refused(verb === 'o' ? 'octal' : 'binary', 'integers');
}

function hexadecimal(value: CelValue, verb: string): string | Failure {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'bigint' || value instanceof Uint
    ? based(value, verb, 16)
    : refused('hex', 'integers, byte buffers, and strings');
}

function textOf(value: CelValue): string | Failure {
  if (value === null) return 'null';
  if (typeof value === 'number' && !Number.isFinite(value)) return special(value);
  if (isList(value)) return listText(value);
  if (isMap(value)) return mapText(value.keys().map((key) => [key, value.get(key) ?? null]));
  if (value instanceof Timestamp || value instanceof Duration || value instanceof TypeValue || value instanceof Uint) return plain(value);
  if (isObjectValue(value))
    return new Failure(
      `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${value.type.name}`,
    );
  return plain(value);
}

function plain(value: CelValue): string | Failure {
  const text = toText(value);
  if (text instanceof Failure) return text;
  return typeof text === 'string' ? text : new Failure('no such overload');
}

/** The first failure, where there is one. */
function textsOf(values: readonly CelValue[]): readonly string[] | Failure {
  const texts: string[] = [];
  for (const value of values) {
    const text = textOf(value);
    if (text instanceof Failure) return text;
    texts.push(text);
  }
  return texts;
}

function listText(items: readonly CelValue[]): string | Failure {
  const texts = textsOf(items);
  return texts instanceof Failure ? texts : `[${texts.join(', ')}]`;
}

function mapText(entries: readonly (readonly [CelValue, CelValue])[]): string | Failure {
  const lines: string[] = [];
  for (const entry of entries) {
    const texts = textsOf(entry);
    if (texts instanceof Failure) return texts;
    lines.push(texts.join(': '));
  }
  return `{${lines.toSorted().join(', ')}}`;
}
