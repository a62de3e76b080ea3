/** What is wrong with the source of an expression, and how it is shown. Source: cel-go, common/error.go, common/errors.go. */
export interface Issue {
  /** The place in the text, in characters, not in UTF-16 units. */
  readonly at: number;
  readonly message: string;
}

/** An error of syntax, which ends parsing. */
export class SyntaxIssue extends Error {
  readonly issue: Issue;
  constructor(at: number, message: string) {
    super(message);
    this.issue = { at, message };
  }
}

/** A token that does not fit. Reading goes on after it. */
export class GrammarIssue extends SyntaxIssue {}

const issuesMax = 100;
const snippetCharactersMax = 16_384;

export function issuesText(source: string, issues: readonly Issue[]): string {
  const characters = Array.from(source);
  const placed = issues.map(({ at, message }) => ({ ...placeOf(characters, at), message }));
  placed.sort((one, other) => one.line - other.line || one.column - other.column);
  const texts = placed.slice(0, issuesMax).map((issue) => issueText(source, issue));
  if (issues.length > issuesMax) texts.push(`${issues.length - issuesMax} more errors were truncated`);
  return texts.join('\n');
}

interface Placed {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

function placeOf(characters: readonly string[], at: number): { readonly line: number; readonly column: number } {
  if (at < 0) return { line: -1, column: -1 };
  const before = characters.slice(0, at);
  return { line: before.filter((character) => character === '\n').length + 1, column: at - (before.lastIndexOf('\n') + 1) };
}

function issueText(source: string, { line, column, message }: Placed): string {
  // An empty source has no first character to point at.
  if (source === '') return `ERROR: <input>:1:0: ${message}`;
  const text = `ERROR: <input>:${line}:${column + 1}: ${message}`;
  const snippet = source.split('\n')[line - 1]?.replaceAll('\t', ' ');
  if (snippet === undefined || snippet.length > snippetCharactersMax) return text;
  const characters = Array.from(snippet);
  const pointer = characters.slice(0, Math.max(column, 0)).map((character) => (isWide(character) ? '\uff0e' : '.'));
  const here = characters[column];
  return `${text}\n | ${snippet}\n | ${pointer.join('')}${here !== undefined && isWide(here) ? '\uff3e' : '^'}`;
}

const isWide = (character: string): boolean => (character.codePointAt(0) ?? 0) > 127;
