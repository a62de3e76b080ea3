/** Go's errors for a text that is no JSON: its scanner names the first character that does not fit, and what it expected. */

const white = /[ \t\r\n]*/y;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const stringPattern = /"(?:[\u0020\u0021\u0023-\u005b\u005d-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const words = ['true', 'false', 'null'];

class SyntaxFound extends Error {}

/** Why the text is no JSON; undefined where it is. */
export function jsonSyntaxProblem(text: string): string | undefined {
  try {
    const end = skipWhite(text, valueEnd(text, skipWhite(text, 0)));
    if (end < text.length) fail(text, end, 'after top-level value');
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxFound) return error.message;
    throw error;
  }
}

/** Where the pattern's match at this place ends; undefined where it does not match. */
function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

const skipWhite = (text: string, at: number): number => matchEnd(white, text, at) ?? at;

function fail(text: string, at: number, context: string): never {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (at >= text.length) throw new SyntaxFound('unexpected end of JSON input');
  throw new SyntaxFound(`invalid character ${quotedCharacter(character)} ${context}`);
}

/** Go's quoteChar. */
function quotedCharacter(character: string): string {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}

type Brackets = { readonly close: string; readonly isObject: boolean };

/** Without recursion: a text may nest deeper than the stack is. */
function valueEnd(text: string, start: number): number {
  const open: Brackets[] = [];
  let at = start;
  for (;;) {
    const brackets = openingOf(text[at]);
    if (brackets !== undefined) {
      open.push(brackets);
      at = skipWhite(text, at + 1);
      if (text[at] !== brackets.close) {
        at = brackets.isObject ? afterKey(text, at) : at;
        continue;
      }
      at += 1;
      open.pop();
    } else {
      at = scalarEnd(text, at);
    }
    const next = afterValue(text, at, open);
    if (next.isDone) return next.at;
    at = next.at;
  }
}

function openingOf(character: string | undefined): Brackets | undefined {
  if (character === '{') return { close: '}', isObject: true };
  return character === '[' ? { close: ']', isObject: false } : undefined;
}

/** Closes brackets, and goes on to the next value of those that stay open. */
function afterValue(text: string, start: number, open: Brackets[]): { readonly at: number; readonly isDone: boolean } {
  let at = start;
  for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
    at = skipWhite(text, at);
    if (text[at] === ',') {
      at = skipWhite(text, at + 1);
      return { at: inner.isObject ? afterKey(text, at) : at, isDone: false };
    }
    if (text[at] !== inner.close) fail(text, at, inner.isObject ? 'after object key:value pair' : 'after array element');
    at += 1;
    open.pop();
  }
  return { at, isDone: true };
}

function afterKey(text: string, at: number): number {
  if (text[at] !== '"') fail(text, at, 'looking for beginning of object key string');
  const end = skipWhite(text, stringEnd(text, at));
  if (text[end] !== ':') fail(text, end, 'after object key');
  return skipWhite(text, end + 1);
}

function scalarEnd(text: string, at: number): number {
  const character = text[at] ?? '';
  if (character === '"') return stringEnd(text, at);
  if (character === '-' || (character >= '0' && character <= '9')) return numberEnd(text, at);
  const word = words.find((one) => one[0] === character);
  if (word === undefined) fail(text, at, 'looking for beginning of value');
  for (let index = 1; index < word.length; index += 1) {
    if (text[at + index] !== word[index]) fail(text, at + index, `in literal ${word} (expecting '${word[index]}')`);
  }
  return at + word.length;
}

function stringEnd(text: string, start: number): number {
  const end = matchEnd(stringPattern, text, start);
  if (end !== undefined) return end;
  for (let at = start + 1; ; at += 1) {
    const character = text[at];
    if (character === undefined || character < ' ') fail(text, at, 'in string literal');
    if (character === '\\') at = escapeEnd(text, at + 1);
  }
}

/** The last character of the escape whose first one, after the backslash, is here. */
function escapeEnd(text: string, start: number): number {
  if (text[start] !== 'u') {
    if (!'"\\/bfnrt'.includes(text[start] ?? ' ')) fail(text, start, 'in string escape code');
    return start;
  }
  for (let at = start + 1; at <= start + 4; at += 1) {
    if (!/[0-9a-fA-F]/.test(text[at] ?? '')) fail(text, at, String.raw`in \u hexadecimal character escape`);
  }
  return start + 4;
}

function numberEnd(text: string, start: number): number {
  const end = matchEnd(numberPattern, text, start);
  if (end === undefined) fail(text, start + 1, 'in numeric literal');
  if (text[end] === '.') fail(text, end + 1, 'after decimal point in numeric literal');
  if (text[end] !== 'e' && text[end] !== 'E') return end;
  const sign = text[end + 1] === '+' || text[end + 1] === '-' ? 1 : 0;
  return fail(text, end + 1 + sign, 'in exponent of numeric literal');
}
