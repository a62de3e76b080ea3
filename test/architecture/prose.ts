/** What a reader who has never seen this project reads of it: comments and the names of tests, as sentences. */
import { parseSync } from 'oxc-parser';
import type { SourceFile } from './sources.ts';

export interface Sentence {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** A word of ours that hides who acts or what happens, and what to write in its place. */
const banned: readonly { readonly found: RegExp; readonly instead: string }[] = [
  { found: /^Of\b/, instead: 'name the thing first: the size of, the names of' },
  { found: /\bwhoever\b/i, instead: 'name the actor: the client that, the process that' },
  { found: /\bnobody\b/i, instead: 'name the actor: no client, no process, no test' },
  { found: /\b(some|every)(body|one)\b/i, instead: 'name the actor: a client, all users, another process' },
  { found: /\blest\b/i, instead: 'so that … not' },
  { found: /\bin vain\b/i, instead: 'without a result' },
  { found: /\b(tell|tells|telling|told)\b/i, instead: 'report, return, pass, show' },
  { found: /\b(say|says|said|saying)\b/i, instead: 'state, report, return, name, or the field that holds it' },
  { found: /\b(look|looks|looked|looking)\b(?! (up|like))/i, instead: 'check, read' },
  { found: /\bmanners\b/i, instead: 'behaviour' },
  { found: /\breckon\w*\b/i, instead: 'compute, estimate' },
  { found: /\bdice\b/i, instead: 'random numbers' },
  { found: /\bmischief\b/i, instead: 'faults' },
];

export const wordsMax = 20;

const bannedIn = (text: string): readonly string[] =>
  banned.filter(({ found }) => found.test(text)).map(({ found, instead }) => `"${found.exec(text)?.[0]}": ${instead}`);

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** Comments in lines of their own, one after the other, are one text. */
function commentTexts({ path, text }: SourceFile): readonly Sentence[] {
  const found: { line: number; last: number; text: string; isLine: boolean }[] = [];
  for (const { type, value, start, end } of parseSync(path, text).comments) {
    const [line, last] = [lineOf(text, start), lineOf(text, end)];
    const isLine = type === 'Line';
    const words = isLine ? value : value.replace(/^\*/, '').replace(/\n\s*\* ?/g, '\n');
    const before = found.at(-1);
    if (isLine && before?.isLine === true && before.last === line - 1) {
      before.text += ` ${words}`;
      before.last = last;
    } else found.push({ line, last, text: words, isLine });
  }
  // Notes to the linter, and drawings.
  return found.filter((one) => !/oxlint-|@ts-/.test(one.text)).map((one) => ({ path, line: one.line, text: one.text }));
}

const testNames = ({ path, text }: SourceFile): readonly Sentence[] =>
  [...text.matchAll(/\b(?:test|describe|fact)\(\s*(?:'((?:[^'\\\n]|\\.)*)'|`([^`]*)`|"((?:[^"\\\n]|\\.)*)")/g)].map((match) => ({
    path,
    line: lineOf(text, match.index),
    text: match[1] ?? match[2] ?? match[3] ?? '',
  }));

/** Lists, drawings and quoted code are no sentences; what is indented is a table or a drawing. */
const withoutQuotes = (text: string): string =>
  text
    .replace(/^ {2,}\S.*$/gm, '')
    .replace(/`[^`]*`/g, 'code')
    .replace(/"[^"]*"/g, 'quote')
    .replace(/\b(Source|Upstream|See):[\s\S]*$/, '');

const sentencesOf = (text: string): readonly string[] => withoutQuotes(text).split(/(?<=[.:;!?])\s+|\n\s*(?=[-*|])|\n\s*\n/);

const drawing = /[│─┌└→←↔▲▶◀]|──/;

/** What is wrong with the prose of a file: a line for each finding. */
export function complaintsAbout(file: SourceFile): readonly string[] {
  return [...commentTexts(file), ...testNames(file)].flatMap(({ path, line, text }) =>
    sentencesOf(text).flatMap((sentence) => {
      const shown = sentence.replace(/\s+/g, ' ').trim();
      const words = drawing.test(shown) ? 0 : shown.split(' ').length;
      return [...bannedIn(shown), ...(words > wordsMax ? [`${words} words in a sentence; ${wordsMax} at most, one fact each`] : [])].map(
        (complaint) => `${path}:${line}: ${complaint}: ${shown}`,
      );
    }),
  );
}

/** What is wrong with the words of a document: a line for each finding. Code, quotes and the targets of links do not count. */
export function documentComplaints({ path, text }: SourceFile): readonly string[] {
  const prose = text
    .replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''))
    .replace(/`[^`\n]*`/g, 'code')
    .replace(/"[^"\n]*"/g, 'quote')
    .replace(/\]\([^)]*\)/g, ']');
  return prose.split('\n').flatMap((line, index) => bannedIn(line).map((complaint) => `${path}:${index + 1}: ${complaint}`));
}
