/** Start tags of a page and their attributes, in one pass. What a proxied server answers may be made to be slow to read. */
import { matchAt } from '../../kube/match-at.ts';

export interface StartTag {
  readonly name: string;
  /** What stands between the name and `>`. */
  readonly attributes: string;
  readonly start: number;
  readonly end: number;
}

/** The next start tag from there on; comments, declarations and end tags are skipped. A page that ends inside a tag has no more. */
export function nextTag(html: string, from: number): StartTag | undefined {
  for (let start = html.indexOf('<', from); start !== -1;) {
    const rest = skippedTo(html, start);
    if (rest === undefined) return tagAt(html, start);
    if (rest === -1) return undefined;
    start = html.indexOf('<', rest);
  }
  return undefined;
}

const isLetter = (character: string): boolean => /^[a-zA-Z]$/.test(character);

/** Where what is no start tag ends; -1: nowhere. Undefined for a start tag. */
function skippedTo(html: string, start: number): number | undefined {
  const next = html.charAt(start + 1);
  if (isLetter(next)) return undefined;
  if (!'!?/'.includes(next) || next === '') return start + 1;
  const close = html.startsWith('<!--', start) ? '-->' : '>';
  const end = html.indexOf(close, start);
  return end === -1 ? -1 : end + close.length;
}

function tagAt(html: string, start: number): StartTag | undefined {
  const name = matchAt(/[^\s/>]*/y, html, start + 1);
  const attributesStart = start + 1 + name.length;
  let quote = '';
  for (let at = attributesStart; at < html.length; at += 1) {
    const character = html.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '>') return { name, attributes: html.slice(attributesStart, at), start, end: at + 1 };
    else if (character === '"' || character === "'") quote = character;
  }
  return undefined;
}

export interface Attribute {
  /** The text before the attribute's value. */
  readonly before: string;
  readonly name: string;
  /** The sign, with the space around it. */
  readonly equals: string;
  /** The attribute's value, with its quotes. */
  readonly value: string;
}

/** Attributes that have a value. The last one may be empty, but for what stands before it. */
export function attributesOf(text: string): Attribute[] {
  const found: Attribute[] = [];
  let from = 0;
  for (let at = 0; at < text.length;) {
    const start = at + matchAt(/[\s=/"'>]*/y, text, at).length;
    const name = matchAt(/[^\s=/"'>]*/y, text, start);
    const equals = matchAt(/\s*=\s*/y, text, start + name.length);
    const value = equals === '' ? '' : matchAt(/"[^"]*"|'[^']*'|[^\s>]+/y, text, start + name.length + equals.length);
    at = start + name.length;
    if (name === '' || value === '') continue;
    found.push({ before: text.slice(from, start), name, equals, value });
    at += equals.length + value.length;
    from = at;
  }
  return [...found, { before: text.slice(from), name: '', equals: '', value: '' }];
}
