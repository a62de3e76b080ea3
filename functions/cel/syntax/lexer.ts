/** Splits the source of an expression into tokens. Source: cel-go, parser/gen/CEL.g4. */
import type { Issue } from './issues.ts';

export type TokenKind = 'bytes' | 'end' | 'escaped' | 'float' | 'identifier' | 'int' | 'string' | 'symbol' | 'uint';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** In characters from the start of the source. */
  readonly at: number;
}

const escape = String.raw`\\(?:[abfnrtv"'\\?` + '`' + String.raw`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`;
const text = [
  String.raw`[rR]"""[^]*?"""`,
  String.raw`[rR]'''[^]*?'''`,
  String.raw`[rR]"[^"\n\r]*"`,
  String.raw`[rR]'[^'\n\r]*'`,
  String.raw`"""(?:${escape}|[^\\])*?"""`,
  String.raw`'''(?:${escape}|[^\\])*?'''`,
  String.raw`"(?:${escape}|[^\\"\n\r])*"`,
  String.raw`'(?:${escape}|[^\\'\n\r])*'`,
].join('|');

const rules: readonly (readonly [TokenKind, RegExp])[] = [
  ['bytes', new RegExp(`[bB](?:${text})`, 'uy')],
  ['string', new RegExp(text, 'uy')],
  ['float', /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/uy],
  ['uint', /(?:0x[0-9a-fA-F]+|\d+)[uU]/uy],
  ['int', /0x[0-9a-fA-F]+|\d+/uy],
  ['identifier', /[A-Za-z_][A-Za-z0-9_]*/uy],
  ['escaped', /`[A-Za-z0-9_.\-/ ]+`/uy],
  ['symbol', /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/uy],
];
const blank = /(?:[\t \r\n\f]|\/\/[^\n]*(?:\n|$))+/uy;

const keywords = new Set(['in', 'true', 'false', 'null']);

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly issues: readonly Issue[];
}

export function tokensOf(source: string): Tokens {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  let [index, at] = [0, 0];
  const advance = (length: number): void => {
    at += charactersIn(source.slice(index, index + length));
    index += length;
  };
  while (index < source.length) {
    const space = lengthAt(blank, source, index);
    if (space > 0) {
      advance(space);
      continue;
    }
    const token = tokenAt(source, index);
    if (token === undefined) {
      const bad = unreadable(source, index);
      issues.push({ at, message: `Syntax error: token recognition error at: '${escaped(bad)}'` });
      advance(bad.length);
    } else {
      tokens.push({ ...token, at });
      advance(token.text.length);
    }
  }
  tokens.push({ kind: 'end', text: '<EOF>', at });
  return { tokens, issues };
}

const charactersIn = (text: string): number => Array.from(text).length;

function lengthAt(rule: RegExp, source: string, index: number): number {
  rule.lastIndex = index;
  return rule.exec(source)?.[0].length ?? 0;
}

function tokenAt(source: string, index: number): Pick<Token, 'kind' | 'text'> | undefined {
  let best: Pick<Token, 'kind' | 'text'> | undefined;
  for (const [kind, rule] of rules) {
    const length = lengthAt(rule, source, index);
    if (length <= (best?.text.length ?? 0)) continue;
    const found = source.slice(index, index + length);
    best = { kind: keywords.has(found) ? 'symbol' : kind, text: found };
  }
  return best;
}

const openText = new RegExp(
  [
    String.raw`^(?:[bB]?[rR]["'][^\n\r]*`,
    String.raw`[bB]?"(?:${escape}|[^\\"\n\r])*(?:\\[^\n\r]?)?`,
    String.raw`[bB]?'(?:${escape}|[^\\'\n\r])*(?:\\[^\n\r]?)?)`,
  ].join('|'),
  'u',
);

/** What the generated lexer of upstream skips: an open text up to its line's end, half an operator with what follows it. */
function unreadable(source: string, index: number): string {
  const rest = source.slice(index);
  const open = openText.exec(rest)?.[0];
  if (open !== undefined) return open;
  return /^[|&=][^]?/u.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0) ?? 0);
}

const escaped = (text: string): string =>
  text
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`)
    .replaceAll('\r', String.raw`\r`);
