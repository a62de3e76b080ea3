/**
 * Reads the tokens of an expression. After one that does not fit, reading goes on and finds further errors, as in the parsers
 * that ANTLR generates. Source: antlr4-go, error_strategy.go; cel-go, parser/parser.go, recoveryLimitErrorStrategy.
 */
import { GrammarIssue, type Issue, SyntaxIssue } from './issues.ts';
import type { Token } from './lexer.ts';

/** In the order in which ANTLR lists what it expected. */
const named =
  "'==' '!=' 'in' '<' '<=' '>=' '>' '&&' '||' '[' ']' '{' '}' '(' ')' '.' ',' '-' '!' '?' ':' '+' '*' '/' '%' 'true' 'false' 'null' NUM_FLOAT NUM_INT NUM_UINT STRING BYTES IDENTIFIER ESC_IDENTIFIER".split(
    ' ',
  );
const kindNames: Readonly<Partial<Record<Token['kind'], string>>> = {
  float: 'NUM_FLOAT',
  int: 'NUM_INT',
  uint: 'NUM_UINT',
  string: 'STRING',
  bytes: 'BYTES',
  identifier: 'IDENTIFIER',
  escaped: 'ESC_IDENTIFIER',
};

const nameOf = ({ kind, text }: Token): string => kindNames[kind] ?? `'${text}'`;

/** What an operand begins with. */
export const operand: readonly string[] =
  "'[' '{' '(' '.' '-' '!' 'true' 'false' 'null' NUM_FLOAT NUM_INT NUM_UINT STRING BYTES IDENTIFIER".split(' ');

const setText = (expected: readonly string[]): string => {
  const sorted = expected.toSorted((a, b) => named.indexOf(a) - named.indexOf(b));
  return sorted.length === 1 ? sorted.join() : `{${sorted.join(', ')}}`;
};

/** The symbols that may come after a part of the expression. */
interface Followers {
  readonly symbols: readonly string[];
  /** One of them must. */
  readonly isNeeded: boolean;
}

const recoveriesMax = 30;
const skippedMax = 256;

export class TokenReader {
  readonly issues: Issue[];
  private readonly tokens: readonly Token[];
  private index = 0;
  /** Until a token fits, errors are consequences of the first one. */
  private isRecovering = false;
  private recoveries = 0;
  /** The parts that are being read, the outermost first. */
  private readonly followers: Followers[] = [];
  /** The rules that failed at the place of the last error. */
  private failed = { index: -1, rules: new Set<string>() };

  constructor(tokens: readonly Token[], issues: readonly Issue[]) {
    this.tokens = tokens;
    this.issues = [...issues];
  }

  peek(ahead = 0): Token {
    return this.tokens[this.index + ahead] ?? { kind: 'end', text: '<EOF>', at: 0 };
  }

  is(symbol: string): boolean {
    const { kind, text } = this.peek();
    return kind === 'symbol' && text === symbol;
  }

  next(): Token {
    const token = this.peek();
    this.index += 1;
    this.isRecovering = false;
    if (this.failed.index !== -1) this.failed = { index: -1, rules: new Set() };
    return token;
  }

  accept(symbol: string): Token | undefined {
    return this.is(symbol) ? this.next() : undefined;
  }

  /** Reads what `read` reads, or nothing. */
  attempt<T>(read: () => T | undefined): T | undefined {
    const start = this.index;
    const found = read();
    if (found === undefined) this.index = start;
    return found;
  }

  /** A token too much is left out. One that is missing is made up where `mayFollow` finds what comes after it. */
  expect(symbol: string, mayFollow = (token: Token): boolean => this.isNext(token)): Token {
    const found = this.accept(symbol);
    if (found !== undefined) return found;
    this.countRecovery();
    const token = this.peek();
    const after = this.peek(1);
    if (after.kind === 'symbol' && after.text === symbol) {
      this.leaveOut(`'${symbol}'`);
      return this.next();
    }
    if (!mayFollow(token)) throw this.refused(token, `mismatched input '${token.text}' expecting '${symbol}'`);
    this.report(this.refused(token, `missing '${symbol}' at '${token.text}'`));
    return token;
  }

  /** Before one of `expected`: a token too much is left out, what does not fit is refused. */
  sync(expected: readonly string[]): void {
    const token = this.peek();
    if (expected.includes(nameOf(token))) return;
    if (!this.isRecovering && expected.includes(nameOf(this.peek(1)))) this.leaveOut(setText(expected));
    else throw this.refused(token, `mismatched input '${token.text}' expecting ${setText(expected)}`);
  }

  expectEnd(): void {
    const token = this.peek();
    if (token.kind === 'end') return;
    this.countRecovery();
    const word = this.peek(1).kind === 'end' ? 'extraneous' : 'mismatched';
    this.report(this.refused(token, `${word} input '${token.text}' expecting <EOF>`));
  }

  refused({ at }: Token, message: string): GrammarIssue {
    return new GrammarIssue(at, `Syntax error: ${message}`);
  }

  /** Begins a part, after which one of `symbols` may come. */
  enter(symbols: readonly string[], isNeeded = false): void {
    this.followers.push({ symbols, isNeeded });
  }

  leave(): void {
    this.followers.pop();
  }

  /** How many parts are being read. */
  get depth(): number {
    return this.followers.length;
  }

  /** After a rule of the grammar failed that began at this depth: reading goes on at what may come after it. */
  recover(error: unknown, rule: string, depth: number): void {
    if (!(error instanceof GrammarIssue)) throw error;
    this.followers.length = depth;
    this.report(error);
    this.skip(rule);
  }

  private leaveOut(expected: string): void {
    const token = this.peek();
    this.report(this.refused(token, `extraneous input '${token.text}' expecting ${expected}`));
    this.index += 1;
    this.isRecovering = false;
  }

  private report({ issue }: GrammarIssue): void {
    if (!this.isRecovering) this.issues.push(issue);
    this.isRecovering = true;
  }

  private skip(rule: string): void {
    this.countRecovery();
    // The same rule failed here already: reading would not go on.
    if (this.failed.index === this.index && this.failed.rules.has(rule) && this.peek().kind !== 'end') this.index += 1;
    const rules = this.failed.index === this.index ? this.failed.rules : new Set<string>();
    this.failed = { index: this.index, rules: rules.add(rule) };
    for (let skipped = 0; !this.mayFollow(this.peek()); skipped += 1) {
      if (skipped === skippedMax) throw new SyntaxIssue(-1, `error recovery token lookahead limit exceeded: ${skippedMax}`);
      this.index += 1;
    }
  }

  private mayFollow({ kind, text }: Token): boolean {
    return kind === 'end' || (kind === 'symbol' && this.followers.some(({ symbols }) => symbols.includes(text)));
  }

  /** Also without what encloses the part, which would have to end before. */
  private isNext({ kind, text }: Token): boolean {
    const needed = this.followers.findLastIndex(({ isNeeded }) => isNeeded);
    if (kind !== 'symbol') return kind === 'end' && needed === -1;
    return this.followers.some(({ symbols }, index) => index >= needed && symbols.includes(text));
  }

  private countRecovery(): void {
    if (this.recoveries === recoveriesMax)
      throw new SyntaxIssue(this.peek().at, `Syntax error: error recovery attempt limit exceeded: ${recoveriesMax}`);
    this.recoveries += 1;
  }
}
