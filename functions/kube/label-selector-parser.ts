/**
 * Reads `a=b,c!=d,e in (x,y),!f,g>3`. Tokens first, requirements then; errors name the token that was found.
 * Source: apimachinery, pkg/labels/selector.go (Lexer, Parser, NewRequirement).
 */
import type { FieldError } from './field-error.ts';
import { invalid } from './field-error.ts';
import type { Requirement } from './labels.ts';
import { labelValueErrors, qualifiedNameErrors } from './names.ts';

type TokenType = ')' | '(' | ',' | '!' | '==' | '=' | '>' | '<' | '!=' | 'in' | 'notin' | 'identifier' | 'error' | 'end';

interface Token {
  readonly type: TokenType;
  readonly text: string;
}

const special = new Set(['=', '!', '(', ')', ',', '>', '<']);
const symbols = new Set<string>([')', ',', '!', '==', '=', '>', '<', '!=', '(']);
const isSpace = (char: string): boolean => char === ' ' || char === '\t' || char === '\r' || char === '\n';

const isSymbol = (text: string): text is ')' | '(' | ',' | '!' | '==' | '=' | '>' | '<' | '!=' => symbols.has(text);

/** The longest symbol that starts here. */
function symbolAt(text: string, start: number): Token {
  const two = text.slice(start, start + 2);
  if (isSymbol(two)) return { type: two, text: two };
  const one = text.slice(start, start + 1);
  return isSymbol(one) ? { type: one, text: one } : { type: 'error', text: `error expected: keyword found '${one}'` };
}

function wordAt(text: string, start: number): Token {
  let end = start;
  while (end < text.length && !special.has(text.charAt(end)) && !isSpace(text.charAt(end))) end += 1;
  const word = text.slice(start, end);
  return { type: word === 'in' || word === 'notin' ? word : 'identifier', text: word };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const char = text.charAt(position);
    if (isSpace(char)) {
      position += 1;
      continue;
    }
    const token = special.has(char) ? symbolAt(text, position) : wordAt(text, position);
    tokens.push(token);
    position += token.type === 'error' ? 1 : token.text.length;
  }
  return tokens;
}

const end: Token = { type: 'end', text: '' };

/** Where a key or value is expected, `in` and `notin` are ordinary words. */
const asValue = (token: Token): Token => (token.type === 'in' || token.type === 'notin' ? { type: 'identifier', text: token.text } : token);

const operators = new Map<TokenType, Requirement['operator']>([
  ['in', 'in'],
  ['=', '='],
  ['==', '='],
  ['>', 'gt'],
  ['<', 'lt'],
  ['notin', 'notin'],
  ['!=', '!='],
]);

class Parser {
  private readonly tokens: readonly Token[];
  private position = 0;

  constructor(text: string) {
    this.tokens = tokensOf(text);
  }

  requirements(): Requirement[] {
    const found: Requirement[] = [];
    for (;;) {
      const next = this.peek();
      if (next.type === 'end') return found;
      if (next.type !== 'identifier' && next.type !== '!') {
        throw new Error(`found '${next.text}', expected: !, identifier, or 'end of string'`);
      }
      found.push(this.requirement());
      if (!this.continues()) return found;
    }
  }

  /** After a requirement: the end, or a comma and another one. */
  private continues(): boolean {
    const token = this.take();
    if (token.type === 'end') return false;
    if (token.type !== ',') throw new Error(`found '${token.text}', expected: ',' or 'end of string'`);
    const next = this.peek();
    if (next.type === 'identifier' || next.type === '!') return true;
    throw new Error(`found '${next.text}', expected: identifier after ','`);
  }

  private peek(): Token {
    return asValue(this.tokens[this.position] ?? end);
  }

  private take(): Token {
    const token = this.peek();
    this.position += 1;
    return token;
  }

  private requirement(): Requirement {
    try {
      return this.readRequirement();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new Error(`unable to parse requirement: ${error.message}`, { cause: error });
    }
  }

  private readRequirement(): Requirement {
    const first = this.take();
    const absent = first.type === '!';
    const token = absent ? this.take() : first;
    if (token.type !== 'identifier') throw new Error(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyErrors = qualifiedNameErrors(key);
    if (keyErrors.length > 0) throw fieldFailure([invalid('<nil>', key, keyErrors.join('; '))]);
    const next = this.peek();
    if (absent) return { key, operator: '!', values: [] };
    if (next.type === 'end' || next.type === ',') return { key, operator: 'exists', values: [] };
    const operator = this.operator();
    const values = operator === 'in' || operator === 'notin' ? this.valueList() : [this.exactValue()];
    return checked({ key, operator, values: [...new Set(values)].sort() });
  }

  private operator(): Requirement['operator'] {
    // Read as it is: here `in` is an operator.
    const token = this.tokens[this.position] ?? end;
    this.position += 1;
    const operator = operators.get(token.type);
    if (operator === undefined) throw new Error(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
    return operator;
  }

  private exactValue(): string {
    const next = this.peek();
    if (next.type === 'end' || next.type === ',') return '';
    const token = this.take();
    if (token.type !== 'identifier') throw new Error(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  /** `(x,y)`. Nothing between commas is the empty value. */
  private valueList(): string[] {
    const open = this.take();
    if (open.type !== '(') throw new Error(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.type === ')') {
      this.take();
      return [''];
    }
    if (first.type !== 'identifier' && first.type !== ',') throw new Error(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = this.values();
    this.take();
    return values;
  }

  private values(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.take();
      const next = this.peek();
      if (token.type === 'identifier') {
        values.push(token.text);
        if (next.type === ')') return values;
        if (next.type !== ',') throw new Error(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.type === ',') {
        if (values.length === 0 || next.type === ',' || next.type === ')') values.push('');
        if (next.type === ')') return values;
      } else {
        throw new Error(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }
}

/** A requirement whose values suit its operator, or upstream's complaint. */
function checked(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement;
  const errors: FieldError[] = [];
  for (const [index, value] of values.entries()) {
    if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d+$/.test(value)) {
      errors.push(invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
    const why = labelValueErrors(value);
    if (why.length > 0) errors.push(invalid(`values[${index}][${key}]`, value, why.join('; ')));
  }
  if (errors.length > 0) throw fieldFailure(errors);
  return requirement;
}

function fieldFailure(errors: readonly FieldError[]): Error {
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  return new Error(texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`);
}

export const parseRequirements = (text: string): Requirement[] => new Parser(text).requirements();
