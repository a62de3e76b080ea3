/** Functions of texts. Positions count characters. Source: cel-go, ext/strings.go; apiserver, pkg/cel/library/regex.go. */
import { withoutTrailing } from '../../kube/trailing.ts';
import { compilePattern } from '../../kube/patterns.ts';
import type { Meter } from '../values/equality.ts';
import { type CelValue, Failure, isList, type Result } from '../values/value.ts';
import { formatted } from './format-text.ts';
import type { CelFunction, Library } from './functions.ts';

const ofText =
  (run: (text: string, rest: readonly CelValue[], meter: Meter) => Result | undefined): CelFunction =>
  ([text, ...rest], meter) =>
    typeof text === 'string' ? run(text, rest, meter) : undefined;

const outOfRange = (index: bigint): Failure => new Failure(`index out of range: ${index}`);
/** How many characters there are, without making a list of them. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0xd8_00 && code <= 0xdb_ff) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc_00 && next <= 0xdf_ff) count -= 1;
    }
  }
  return count;
}

const plainAscii = /^\p{ASCII}*$/u;
const charactersOf = (text: string): string | readonly string[] => (plainAscii.test(text) ? text : Array.from(text));

function sliced(text: string, start: bigint, end?: bigint): Result {
  const characters = charactersOf(text);
  const { length } = characters;
  if (end === undefined) return start < 0n || start > length ? outOfRange(start) : textOf(characters.slice(Number(start)));
  if (start > end) return new Failure(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0n || start > length) return outOfRange(start);
  return end > length ? outOfRange(end) : textOf(characters.slice(Number(start), Number(end)));
}

const textOf = (characters: string | readonly string[]): string => (typeof characters === 'string' ? characters : characters.join(''));

function found(text: string, [part, offset]: readonly CelValue[], isLast: boolean): Result | undefined {
  if (typeof part !== 'string' || (offset !== undefined && typeof offset !== 'bigint')) return undefined;
  const { length } = charactersOf(text);
  if (offset !== undefined && (offset < 0n || offset > length)) return outOfRange(offset);
  if (part === '') return offset ?? (isLast ? BigInt(length) : 0n);
  const from = offset === undefined ? undefined : textOf(charactersOf(text).slice(0, Number(offset))).length;
  const index = isLast ? text.lastIndexOf(part, from) : text.indexOf(part, from);
  return BigInt(index === -1 ? -1 : charactersOf(text.slice(0, index)).length);
}

function replaced(text: string, [from, to, limit = -1n]: readonly CelValue[]): Result | undefined {
  if (typeof from !== 'string' || typeof to !== 'string' || typeof limit !== 'bigint') return undefined;
  if (limit < 0n) return from === '' ? everywhere(text, to) : text.replaceAll(from, () => to);
  let result = '';
  let rest = text;
  for (let left = limit; left > 0n; left -= 1n) {
    const index = rest.indexOf(from);
    if (index === -1 || (from === '' && rest === '')) break;
    const width = from === '' ? (Array.from(rest)[0]?.length ?? 0) : 0;
    result += `${rest.slice(0, index)}${to}${rest.slice(index, index + width)}`;
    rest = rest.slice(index + from.length + width);
  }
  return result + rest;
}

const everywhere = (text: string, part: string): string => `${part}${Array.from(text, (character) => character + part).join('')}`;

function split(text: string, [separator, limit = -1n]: readonly CelValue[]): Result | undefined {
  if (typeof separator !== 'string' || typeof limit !== 'bigint') return undefined;
  if (limit === 0n) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0n || parts.length <= limit) return parts;
  const kept = Number(limit) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

function joined(list: readonly CelValue[], separator: CelValue): Result | undefined {
  if (typeof separator !== 'string') return undefined;
  if (!list.every((item) => typeof item === 'string')) return new Failure('no such overload');
  return list.join(separator);
}

const asciiOnly = (text: string, letters: RegExp, change: (letters: string) => string): string => text.replaceAll(letters, change);

/** Go's unicode.IsSpace. */
const blanks =
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

function trimmed(text: string): string {
  let start = 0;
  while (start < text.length && blanks.includes(text.charAt(start))) start += 1;
  return withoutTrailing(text.slice(start), blanks);
}

const withPattern = (
  pattern: CelValue | undefined,
  run: (engine: Exclude<ReturnType<typeof compilePattern>, string>) => Result,
): Result | undefined => {
  if (typeof pattern !== 'string') return undefined;
  const engine = compilePattern(pattern);
  return typeof engine === 'string' ? new Failure(engine) : run(engine);
};

function allFound(text: string, [pattern, limit = -1n]: readonly CelValue[], meter: Meter): Result | undefined {
  if (typeof limit !== 'bigint') return undefined;
  return withPattern(pattern, (engine) => {
    const matcher = engine.matcher(text);
    const parts: string[] = [];
    while ((limit < 0n || parts.length < limit) && matcher.find()) parts.push(matcher.group() ?? '');
    meter.nodes += parts.length;
    return parts;
  });
}

const escapes: Readonly<Record<string, string>> = {
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': String.raw`\\`,
  '"': String.raw`\"`,
};

export const quoted = (text: string): string =>
  `"${Array.from(text.toWellFormed(), (character) => escapes[character] ?? character).join('')}"`;

export const strings: Library = {
  contains: ofText((text, [part]) => (typeof part === 'string' ? text.includes(part) : undefined)),
  startsWith: ofText((text, [part]) => (typeof part === 'string' ? text.startsWith(part) : undefined)),
  endsWith: ofText((text, [part]) => (typeof part === 'string' ? text.endsWith(part) : undefined)),
  matches: ofText((text, [pattern]) => withPattern(pattern, (engine) => engine.matcher(text).find())),
  find: ofText((text, [pattern]) =>
    withPattern(pattern, (engine) => {
      const matcher = engine.matcher(text);
      return matcher.find() ? (matcher.group() ?? '') : '';
    }),
  ),
  findAll: ofText(allFound),
  charAt: ofText((text, [index]) => {
    if (typeof index !== 'bigint') return undefined;
    const characters = charactersOf(text);
    return index < 0n || index > characters.length ? outOfRange(index) : (characters[Number(index)] ?? '');
  }),
  indexOf: ofText((text, rest) => found(text, rest, false)),
  lastIndexOf: ofText((text, rest) => found(text, rest, true)),
  lowerAscii: ofText((text) => asciiOnly(text, /[A-Z]+/gu, (letters) => letters.toLowerCase())),
  upperAscii: ofText((text) => asciiOnly(text, /[a-z]+/gu, (letters) => letters.toUpperCase())),
  replace: ofText(replaced),
  split: ofText(split),
  substring: ofText((text, [start, end]) => {
    if (typeof start !== 'bigint' || (end !== undefined && typeof end !== 'bigint')) return undefined;
    return sliced(text, start, end);
  }),
  trim: ofText(trimmed),
  join: ([list = null, separator = '']) => (isList(list) ? joined(list, separator) : undefined),
  format: ofText((text, [args = null]) => (isList(args) ? formatted(text, args) : undefined)),
  'strings.quote': ofText((text) => quoted(text)),
  'jsonpatch.escapeKey': ofText((text) => text.replaceAll('~', '~0').replaceAll('/', '~1')),
};
