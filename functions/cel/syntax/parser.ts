/** Parses the source of an expression. Source: cel-go, parser/parser.go and CEL.g4; texts of errors are those of its users. */
import { uint } from '../values/value.ts';
import type { CelValue } from '../values/value.ts';
import type { Entry, Expression, FieldEntry } from './expression.ts';
import { ExpressionFactory } from './factory.ts';
import { type Issue, SyntaxIssue } from './issues.ts';
import { type Token, tokensOf } from './lexer.ts';
import { expandMacro } from './macros.ts';
import { operand, TokenReader } from './token-reader.ts';
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
  const reader = new TokenReader(tokens, issues);
  const expression = new Parser(reader).parse();
  return reader.issues.length > 0 || expression === undefined ? { issues: reader.issues } : { expression };
}

const operandStarts = new Set(['[', '{', '(', '.', '-', '!', 'true', 'false', 'null']);

const relations = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const sums = new Set(['+', '-']);
const products = new Set(['*', '/', '%']);

/** What may come after an operand, beside what ends the expression. */
const operators = [...products, ...sums, ...relations, '&&', '||'];

class Parser {
  private readonly reader: TokenReader;
  private readonly make = new ExpressionFactory();
  private depth = 0;

  constructor(reader: TokenReader) {
    this.reader = reader;
  }

  parse(): Expression | undefined {
    try {
      const expression = this.expression();
      this.reader.expectEnd();
      return expression;
    } catch (error) {
      if (!(error instanceof SyntaxIssue)) throw error;
      this.reader.issues.push(error.issue);
      return undefined;
    }
  }

  private peek(): Token {
    return this.reader.peek();
  }

  private is(symbol: string): boolean {
    return this.reader.is(symbol);
  }

  private next(): Token {
    return this.reader.next();
  }

  private accept(symbol: string): Token | undefined {
    return this.reader.accept(symbol);
  }

  private expect(symbol: string): Token {
    return symbol === ':' ? this.reader.expect(symbol, startsOperand) : this.reader.expect(symbol);
  }

  /** Stands for what could not be read. */
  private recovered(error: unknown, rule: string, depth: number): Expression {
    this.reader.recover(error, rule, depth);
    return this.make.literal(this.peek().at, null);
  }

  /** An expression in what ends with one of these symbols. */
  private enclosed(...symbols: readonly string[]): Expression {
    this.reader.enter(symbols, true);
    const expression = this.expression();
    this.reader.leave();
    return expression;
  }

  /** What is no error of the grammar: reading goes on. */
  private wrong({ issue }: SyntaxIssue): Expression {
    this.reader.issues.push(issue);
    return this.make.literal(issue.at, null);
  }

  private deeper(levels = 1): void {
    this.depth += levels;
    if (this.depth > depthMax) throw new SyntaxIssue(-1, `expression recursion limit exceeded: ${depthMax}`);
  }

  private expression(): Expression {
    this.deeper();
    const { depth } = this.reader;
    let result: Expression;
    try {
      result = this.disjunction('?');
      const question = this.accept('?');
      if (question !== undefined) {
        const yes = this.disjunction(':');
        this.expect(':');
        result = this.make.call(question.at, '_?_:_', [result, yes, this.expression()]);
      }
    } catch (error) {
      result = this.recovered(error, 'expression', depth);
    }
    this.depth -= 1;
    return result;
  }

  private disjunction(follower: '?' | ':'): Expression {
    this.reader.enter([follower], follower === ':');
    this.reader.enter(operators);
    const result = this.logical('||', '_||_', this.conjunction);
    this.reader.leave();
    this.reader.leave();
    return result;
  }

  private readonly conjunction = (): Expression => this.logical('&&', '_&&_', this.relation);

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

  private readonly relation = (): Expression => this.chain(relations, this.sum);
  private readonly sum = (): Expression => this.chain(sums, this.product);
  private readonly product = (): Expression => this.chain(products, this.unary);

  private readonly unary = (): Expression => {
    const { depth } = this.reader;
    try {
      return this.signed();
    } catch (error) {
      return this.recovered(error, 'unary', depth);
    }
  };

  private signed(): Expression {
    this.reader.sync(operand);
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
    const { depth } = this.reader;
    try {
      let result = this.operand(sign);
      let levels = 0;
      for (;;) {
        if (this.is('.')) this.refuseBareDot(['identifier', 'escaped', 'symbol']);
        const operator = this.accept('.') ?? this.accept('[');
        if (operator === undefined) break;
        this.deeper();
        levels += 1;
        result = operator.text === '.' ? this.afterDot(result, operator) : this.indexed(result, operator);
      }
      this.depth -= levels;
      return result;
    } catch (error) {
      return this.recovered(error, 'member', depth);
    }
  }

  private operand(sign: Token | undefined): Expression {
    this.reader.enter(['.', '[']);
    const { depth } = this.reader;
    let result: Expression;
    try {
      result = this.primary(sign);
    } catch (error) {
      result = this.recovered(error, 'primary', depth);
    }
    this.reader.leave();
    return result;
  }

  /** Nothing is read where no name comes after the dot, or a question mark before it. */
  private refuseBareDot(kinds: readonly Token['kind'][]): void {
    const after = this.reader.peek(1);
    if (!kinds.includes(after.kind) || (after.kind === 'symbol' && after.text !== '?'))
      throw this.reader.refused(after, `no viable alternative at input '.${after.kind === 'end' ? '' : after.text}'`);
  }

  private indexed(target: Expression, bracket: Token): Expression {
    const isOptional = this.accept('?') !== undefined;
    const index = this.enclosed(']');
    this.expect(']');
    return this.make.call(bracket.at, isOptional ? '_[?_]' : '_[_]', [target, index]);
  }

  private afterDot(target: Expression, dot: Token): Expression {
    const isOptional = this.accept('?') !== undefined;
    const name = this.peek();
    this.reader.sync(['IDENTIFIER', 'ESC_IDENTIFIER']);
    this.next();
    const field = name.kind === 'escaped' ? name.text.slice(1, -1) : name.text;
    const open = isOptional || name.kind === 'escaped' ? undefined : this.accept('(');
    if (open !== undefined) return this.callOrMacro(open.at, name.text, this.argumentsUntil(')'), target);
    if (isOptional) return this.make.call(dot.at, '_?._', [target, this.make.literal(name.at, field)]);
    return this.make.select(dot.at, target, field);
  }

  private callOrMacro(at: number, name: string, args: readonly Expression[], target?: Expression): Expression {
    try {
      return expandMacro(this.make, { at, name, target, arguments: args }) ?? this.make.call(at, name, args, target);
    } catch (error) {
      if (!(error instanceof SyntaxIssue)) throw error;
      return this.wrong(error);
    }
  }

  private argumentsUntil(close: string): Expression[] {
    const found: Expression[] = [];
    this.reader.sync([...operand, `'${close}'`]);
    if (this.accept(close) !== undefined) return found;
    do found.push(this.enclosed(',', close));
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
      case 'escaped':
        throw this.unexpected(token);
      case 'bytes':
      case 'float':
      case 'int':
      case 'string':
      case 'uint':
        this.next();
        return this.literal(token, sign);
    }
  }

  private literal(token: Token, sign: Token | undefined): Expression {
    try {
      return this.make.literal((sign ?? token).at, literalValue(token, sign === undefined ? '' : '-'));
    } catch (error) {
      if (!(error instanceof SyntaxIssue)) throw error;
      return this.wrong(error);
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
        const inner = this.enclosed(')');
        this.expect(')');
        return inner;
      }
      case '[':
        return this.list();
      case '{':
        return this.make.map(this.next().at, this.entries());
      case '.':
        this.refuseBareDot(['identifier']);
        this.next();
        return this.named('.');
      default:
        throw this.unexpected(token);
    }
  }

  /** After signs, where another operand would have been recognized. */
  private unexpected(token: Token): SyntaxIssue {
    this.reader.sync(operand);
    return this.reader.refused(token, `no viable alternative at input '${token.text}'`);
  }

  private list(): Expression {
    const { at } = this.next();
    const elements: Expression[] = [];
    const optional = new Set<number>();
    let hasComma = false;
    this.reader.sync([...operand, "']'", "','", "'?'"]);
    while (!this.is(']') && (elements.length === 0 || hasComma)) {
      if (hasComma && !startsElement(this.peek())) break;
      if (elements.length === 0 && this.accept(',') !== undefined) break;
      if (this.accept('?') !== undefined) optional.add(elements.length);
      elements.push(this.enclosed(',', ']'));
      hasComma = this.accept(',') !== undefined;
    }
    this.close(']', hasComma || elements.length === 0);
    return this.make.list(at, elements, optional);
  }

  /** After an element of a list or map, where another may follow. */
  private close(symbol: string, isEnd: boolean): void {
    if (!isEnd) this.reader.sync([`'${symbol}'`, "','"]);
    this.expect(symbol);
  }

  private entries(): Entry[] {
    const found: Entry[] = [];
    this.reader.sync([...operand, "'}'", "','", "'?'"]);
    let hasComma = false;
    this.reader.enter([',', '}'], true);
    const { depth } = this.reader;
    try {
      while (!this.is('}') && (found.length === 0 || hasComma)) {
        if (hasComma && !startsElement(this.peek())) break;
        if (found.length === 0 && this.accept(',') !== undefined) break;
        const isOptional = this.accept('?') !== undefined;
        const key = this.enclosed(':');
        const { at } = this.expect(':');
        found.push({ ...this.make.at(at), key, value: this.expression(), isOptional });
        hasComma = this.accept(',') !== undefined;
      }
    } catch (error) {
      this.reader.recover(error, 'entries', depth);
    }
    this.reader.leave();
    this.close('}', hasComma || found.length === 0);
    return found;
  }

  private named(dot: string): Expression {
    const token = this.next();
    if (reserved.has(token.text)) this.wrong(new SyntaxIssue(token.at, `reserved identifier: ${token.text}`));
    const name = `${dot}${token.text}`;
    const open = this.accept('(');
    if (open !== undefined) return this.callOrMacro(open.at, name, this.argumentsUntil(')'));
    const type = this.objectTypeAhead(name);
    if (type !== undefined) return this.make.object(this.next().at, type, this.fields());
    return this.make.identifier(token.at, name);
  }

  /** `a.b.C{` starts an object; otherwise nothing is read. */
  private objectTypeAhead(name: string): string | undefined {
    return this.reader.attempt(() => {
      let type = name;
      while (this.accept('.') !== undefined) {
        const part = this.peek();
        if (part.kind !== 'identifier') return undefined;
        type += `.${this.next().text}`;
      }
      return this.is('{') ? type : undefined;
    });
  }

  private fields(): FieldEntry[] {
    const found: FieldEntry[] = [];
    this.reader.enter([',', '}'], true);
    const { depth } = this.reader;
    try {
      this.reader.sync(["'}'", "','", "'?'", 'IDENTIFIER', 'ESC_IDENTIFIER']);
      while (!this.is('}')) {
        if (found.length > 0 && this.accept(',') === undefined) break;
        if (this.is('}')) break;
        const isOptional = this.accept('?') !== undefined;
        const name = this.peek();
        if (name.kind !== 'identifier' && name.kind !== 'escaped') break;
        found.push({ ...this.field(this.next()), isOptional });
      }
    } catch (error) {
      this.reader.recover(error, 'fields', depth);
    }
    this.reader.leave();
    const hasComma = found.length === 0 && this.accept(',') !== undefined;
    this.close('}', hasComma || found.length === 0);
    return found;
  }

  private field(name: Token): Omit<FieldEntry, 'isOptional'> {
    const { at } = this.expect(':');
    const text = name.kind === 'escaped' ? name.text.slice(1, -1) : name.text;
    return { ...this.make.at(at), name: text, value: this.expression() };
  }
}

const startsElement = (token: Token): boolean => startsOperand(token) || token.text === '?';

/** After the colon of a map or of a condition. */
const startsOperand = ({ kind, text }: Token): boolean =>
  kind === 'symbol' ? operandStarts.has(text) : kind !== 'end' && kind !== 'escaped';

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
