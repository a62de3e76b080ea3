/** Parses the source of an expression. Source: cel-go, parser/parser.go and CEL.g4; texts of errors are those of its users. */
import { uint } from '../values/value.ts';
import type { CelValue } from '../values/value.ts';
import type { Entry, Expression, FieldEntry } from './expression.ts';
import { ExpressionFactory } from './factory.ts';
import { type Issue, SyntaxIssue } from './issues.ts';
import { type Token, tokensOf } from './lexer.ts';
import { expandMacro } from './macros.ts';
import { unescapedBytes, unescapedText } from './unescape.ts';

const charactersMax = 100_000;
const depthMax = 250;

const reserved = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(' '),
);

export type Parsed = { readonly expression: Expression } | { readonly issues: readonly Issue[] };

export function parseExpression(source: string): Parsed {
  const size = Array.from(source).length;
  if (size > charactersMax) {
    return { issues: [{ at: -1, message: `expression code point size exceeds limit: size: ${size}, limit ${charactersMax}` }] };
  }
  const { tokens, issues } = tokensOf(source);
  const parser = new Parser(tokens, issues);
  const expression = parser.parse();
  return parser.issues.length > 0 || expression === undefined ? { issues: parser.issues } : { expression };
}

const operand = `'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER`;
const endOfOperand = `'==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', '.', '-', '?', '+', '*', '/', '%'`;

const operandStarts = new Set(['[', '{', '(', '.', '-', '!', 'true', 'false', 'null']);

const relations = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const sums = new Set(['+', '-']);
const products = new Set(['*', '/', '%']);

class Parser {
  readonly issues: Issue[];
  private readonly tokens: readonly Token[];
  private readonly make = new ExpressionFactory();
  private index = 0;
  private depth = 0;

  constructor(tokens: readonly Token[], issues: readonly Issue[]) {
    this.tokens = tokens;
    this.issues = [...issues];
  }

  parse(): Expression | undefined {
    try {
      const expression = this.expression();
      if (this.peek().kind !== 'end') this.afterEnd();
      return expression;
    } catch (error) {
      if (!(error instanceof SyntaxIssue)) throw error;
      this.issues.push(error.issue);
      return undefined;
    }
  }

  private afterEnd(): never {
    const next = this.peek();
    const isLast = this.tokens[this.index + 1]?.kind === 'end';
    const expected = `{<EOF>, ${endOfOperand}}`;
    throw this.refused(
      next,
      isLast ? `extraneous input '${next.text}' expecting <EOF>` : `mismatched input '${next.text}' expecting ${expected}`,
    );
  }

  private refused(token: Token, message: string): SyntaxIssue {
    return new SyntaxIssue(token.at, `Syntax error: ${message}`);
  }

  private peek(): Token {
    return this.tokens[this.index] ?? { kind: 'end', text: '<EOF>', at: 0 };
  }

  private is(symbol: string): boolean {
    const { kind, text } = this.peek();
    return kind === 'symbol' && text === symbol;
  }

  private next(): Token {
    const token = this.peek();
    this.index += 1;
    return token;
  }

  private accept(symbol: string): Token | undefined {
    return this.is(symbol) ? this.next() : undefined;
  }

  private expect(symbol: string): Token {
    const found = this.accept(symbol);
    if (found !== undefined) return found;
    const next = this.peek();
    const mayFollow = symbol === ':' ? this.startsOperand(next) : this.endsOperand(next);
    if (mayFollow) throw this.refused(next, `missing '${symbol}' at '${next.text}'`);
    const after = this.tokens[this.index + 1];
    const word = after?.text === symbol ? 'extraneous' : 'mismatched';
    throw this.refused(next, `${word} input '${next.text}' expecting '${symbol}'`);
  }

  private startsOperand({ kind, text }: Token): boolean {
    return kind === 'symbol' ? operandStarts.has(text) : kind !== 'end' && kind !== 'escaped';
  }

  private endsOperand({ kind, text }: Token): boolean {
    return kind === 'end' || (kind === 'symbol' && !['{', '(', '!', 'true', 'false', 'null'].includes(text));
  }

  /** After an element of a list or map, where another may follow. */
  private closed(close: string, hasComma: boolean, isEmpty: boolean): void {
    if (this.accept(close) !== undefined) return;
    if (hasComma || isEmpty) this.expect(close);
    const next = this.peek();
    throw this.refused(next, `mismatched input '${next.text}' expecting {'${close}', ','}`);
  }

  private deeper(levels = 1): void {
    this.depth += levels;
    if (this.depth > depthMax) throw new SyntaxIssue(-1, `expression recursion limit exceeded: ${depthMax}`);
  }

  private expression(): Expression {
    this.deeper();
    const condition = this.logical('||', '_||_', () => this.logical('&&', '_&&_', () => this.relation()));
    const question = this.accept('?');
    let result = condition;
    if (question !== undefined) {
      const yes = this.logical('||', '_||_', () => this.logical('&&', '_&&_', () => this.relation()));
      this.expect(':');
      const no = this.expression();
      result = this.make.call(question.at, '_?_:_', [condition, yes, no]);
    }
    this.depth -= 1;
    return result;
  }

  /** Long chains become balanced trees, so that their depth stays small. */
  private logical(symbol: string, name: string, term: () => Expression): Expression {
    const terms = [term()];
    const places: number[] = [];
    for (let operator = this.accept(symbol); operator !== undefined; operator = this.accept(symbol)) {
      places.push(operator.at);
      terms.push(term());
    }
    const balanced = (from: number, to: number): Expression => {
      const only = terms[from];
      if (from === to && only !== undefined) return only;
      const middle = from + Math.floor((to - from - 1) / 2);
      return this.make.call(places[middle] ?? 0, name, [balanced(from, middle), balanced(middle + 1, to)]);
    };
    return balanced(0, terms.length - 1);
  }

  private chain(symbols: ReadonlySet<string>, term: () => Expression): Expression {
    let result = term();
    let levels = 0;
    while (this.peek().kind === 'symbol' && symbols.has(this.peek().text)) {
      const operator = this.next();
      this.deeper();
      levels += 1;
      result = this.make.call(operator.at, operator.text === 'in' ? '@in' : `_${operator.text}_`, [result, term()]);
    }
    this.depth -= levels;
    return result;
  }

  private relation(): Expression {
    return this.chain(relations, () => this.chain(sums, () => this.chain(products, () => this.unary())));
  }

  private unary(): Expression {
    const operator = this.is('!') ? '!' : '-';
    if (!this.is(operator)) return this.member();
    const first = this.next();
    let count = 1;
    while (this.accept(operator) !== undefined) count += 1;
    if (operator === '-' && count === 1 && (this.peek().kind === 'int' || this.peek().kind === 'float')) return this.member(first);
    const target = this.member();
    return count % 2 === 0 ? target : this.make.call(first.at, `${operator}_`, [target]);
  }

  private member(sign?: Token): Expression {
    let result = this.primary(sign);
    let levels = 0;
    for (;;) {
      const operator = this.accept('.') ?? this.accept('[');
      if (operator === undefined) break;
      this.deeper();
      levels += 1;
      result = operator.text === '.' ? this.afterDot(result, operator) : this.indexed(result, operator);
    }
    this.depth -= levels;
    return result;
  }

  private indexed(target: Expression, bracket: Token): Expression {
    const isOptional = this.accept('?') !== undefined;
    const index = this.expression();
    this.expect(']');
    return this.make.call(bracket.at, isOptional ? '_[?_]' : '_[_]', [target, index]);
  }

  private afterDot(target: Expression, dot: Token): Expression {
    const isOptional = this.accept('?') !== undefined;
    const name = this.peek();
    if (name.kind !== 'identifier' && name.kind !== 'escaped') {
      throw this.refused(name, `no viable alternative at input '.${name.kind === 'end' ? '' : name.text}'`);
    }
    this.next();
    const field = name.kind === 'escaped' ? name.text.slice(1, -1) : name.text;
    const open = isOptional || name.kind === 'escaped' ? undefined : this.accept('(');
    if (open !== undefined) return this.callOrMacro(open.at, name.text, this.argumentsUntil(')'), target);
    if (isOptional) return this.make.call(dot.at, '_?._', [target, this.make.literal(name.at, field)]);
    return this.make.select(dot.at, target, field);
  }

  private callOrMacro(at: number, name: string, args: readonly Expression[], target?: Expression): Expression {
    return expandMacro(this.make, { at, name, target, arguments: args }) ?? this.make.call(at, name, args, target);
  }

  private argumentsUntil(close: string): Expression[] {
    const found: Expression[] = [];
    if (this.accept(close) !== undefined) return found;
    if (this.peek().kind === 'end')
      throw this.refused(this.peek(), `mismatched input '<EOF>' expecting {${operand.replace("'.'", `'${close}', '.'`)}}`);
    do found.push(this.expression());
    while (this.accept(',') !== undefined);
    this.expect(close);
    return found;
  }

  private primary(sign?: Token): Expression {
    const token = this.peek();
    switch (token.kind) {
      case 'identifier':
        return this.named('');
      case 'symbol':
        return this.primarySymbol(token);
      case 'end':
        throw this.refused(token, `mismatched input '<EOF>' expecting {${operand}}`);
      case 'escaped':
        throw this.refused(token, `mismatched input '${token.text}' expecting {${operand}}`);
      case 'bytes':
      case 'float':
      case 'int':
      case 'string':
      case 'uint':
        this.next();
        return this.make.literal((sign ?? token).at, literalValue(token, sign === undefined ? '' : '-'));
    }
  }

  private primarySymbol(token: Token): Expression {
    switch (token.text) {
      case 'true':
      case 'false':
        return this.make.literal(this.next().at, token.text === 'true');
      case 'null':
        return this.make.literal(this.next().at, null);
      case '(': {
        this.next();
        const inner = this.expression();
        this.expect(')');
        return inner;
      }
      case '[':
        return this.list();
      case '{':
        return this.make.map(this.next().at, this.entries());
      case '.':
        this.next();
        if (this.peek().kind === 'identifier') return this.named('.');
        throw this.refused(this.peek(), `no viable alternative at input '.${this.peek().text}'`);
      default:
        throw this.unexpected(token);
    }
  }

  private unexpected(token: Token): SyntaxIssue {
    const after = this.tokens[this.index + 1];
    const word = after !== undefined && this.startsOperand(after) ? 'extraneous' : 'mismatched';
    return this.refused(token, `${word} input '${token.text}' expecting {${operand}}`);
  }

  private list(): Expression {
    const { at } = this.next();
    const elements: Expression[] = [];
    const optional = new Set<number>();
    let hasComma = false;
    while (!this.is(']') && (elements.length === 0 || hasComma)) {
      if (hasComma && this.peek().kind === 'end') break;
      if (elements.length === 0 && this.accept(',') !== undefined) break;
      if (this.accept('?') !== undefined) optional.add(elements.length);
      elements.push(this.expression());
      hasComma = this.accept(',') !== undefined;
    }
    this.closed(']', hasComma, elements.length === 0);
    return this.make.list(at, elements, optional);
  }

  private entries(): Entry[] {
    const found: Entry[] = [];
    let hasComma = false;
    while (!this.is('}') && (found.length === 0 || hasComma)) {
      if (hasComma && this.peek().kind === 'end') break;
      if (found.length === 0 && this.accept(',') !== undefined) break;
      const isOptional = this.accept('?') !== undefined;
      const key = this.expression();
      const { at } = this.expect(':');
      found.push({ ...this.make.at(at), key, value: this.expression(), isOptional });
      hasComma = this.accept(',') !== undefined;
    }
    this.closed('}', hasComma, found.length === 0);
    return found;
  }

  private named(dot: string): Expression {
    const token = this.next();
    if (reserved.has(token.text)) throw new SyntaxIssue(token.at, `reserved identifier: ${token.text}`);
    const name = `${dot}${token.text}`;
    const open = this.accept('(');
    if (open !== undefined) return this.callOrMacro(open.at, name, this.argumentsUntil(')'));
    const type = this.objectTypeAhead(name);
    if (type !== undefined) return this.make.object(this.next().at, type, this.fields());
    return this.make.identifier(token.at, name);
  }

  /** `a.b.C{` starts an object; otherwise nothing is read. */
  private objectTypeAhead(name: string): string | undefined {
    const start = this.index;
    let type = name;
    while (this.accept('.') !== undefined) {
      const part = this.peek();
      if (part.kind !== 'identifier') break;
      type += `.${this.next().text}`;
    }
    if (this.is('{')) return type;
    this.index = start;
    return undefined;
  }

  private fields(): FieldEntry[] {
    const found: FieldEntry[] = [];
    while (!this.is('}')) {
      if (found.length > 0 && this.accept(',') === undefined) break;
      if (this.is('}')) break;
      const isOptional = this.accept('?') !== undefined;
      const name = this.next();
      if (name.kind !== 'identifier' && name.kind !== 'escaped') {
        throw this.refused(name, `mismatched input '${name.text}' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}`);
      }
      const { at } = this.expect(':');
      found.push({
        ...this.make.at(at),
        name: name.kind === 'escaped' ? name.text.slice(1, -1) : name.text,
        value: this.expression(),
        isOptional,
      });
    }
    if (found.length === 0) this.accept(',');
    this.expect('}');
    return found;
  }
}

const intMin = -(2n ** 63n);
const intMax = 2n ** 63n - 1n;
const uintMax = 2n ** 64n - 1n;

function literalValue(token: Token, sign: string): CelValue {
  const { at, kind, text } = token;
  if (kind === 'int') return intValue(at, text, sign);
  if (kind === 'uint') return uintValue(at, text);
  if (kind === 'float') return doubleValue(at, `${sign}${text}`);
  const value = kind === 'bytes' ? unescapedBytes(text) : unescapedText(text);
  if (value === undefined) throw new SyntaxIssue(at, 'unable to unescape string');
  return value;
}

function intValue(at: number, text: string, sign: string): bigint {
  const value = sign === '-' ? -BigInt(text) : BigInt(text);
  if (value < intMin || value > intMax) throw new SyntaxIssue(at, 'invalid int literal');
  return value;
}

function uintValue(at: number, text: string): CelValue {
  const value = BigInt(text.slice(0, -1));
  if (value > uintMax) throw new SyntaxIssue(at, 'invalid uint literal');
  return uint(value);
}

function doubleValue(at: number, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new SyntaxIssue(at, 'invalid double literal');
  return value;
}
