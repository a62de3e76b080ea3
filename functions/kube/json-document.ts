/** Request bodies in JSON, with the duplicate fields that JSON.parse would swallow. */
import { boundedJson, TooDeep } from './bounded-json.ts';
import { DocumentError } from './document-error.ts';
import { jsonSyntaxProblem } from './json-syntax.ts';
import type { Json } from './object.ts';
import { wellFormedFrom } from './well-formed.ts';

export interface JsonDocument {
  readonly value: Json;
  /** Paths of fields that came twice, `spec.replicas`; of each the last value counts. */
  readonly duplicates: string[];
  /** Texts of numbers that JavaScript would print otherwise, by path: `1000.0`, `1e3`, `9007199254740993`. */
  readonly numbers?: ReadonlyMap<string, string>;
}

/** The text of one that is larger than any number of JavaScript, and of Go: `1e400`. */
export const tooLargeNumber = (numbers: ReadonlyMap<string, string> | undefined): string | undefined =>
  numbers === undefined ? undefined : [...numbers.values()].find((text) => !Number.isFinite(Number(text)));

/** Throws a DocumentError when the text is no JSON. */
export function parseJson(text: string): JsonDocument {
  const value = parsed(text);
  const numbers = unusualNumber.test(text) ? new Map<string, string>() : undefined;
  const duplicates = duplicateFields(text, numbers);
  return numbers === undefined || numbers.size === 0 ? { value, duplicates } : { value, duplicates, numbers };
}

function parsed(text: string): Json {
  try {
    return wellFormedFrom(text, boundedJson(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const problem = error instanceof TooDeep ? undefined : jsonSyntaxProblem(text);
    throw new DocumentError(problem ?? error.message, { cause: error });
  }
}

interface Open {
  /** Fields of an object; undefined for a list. */
  readonly fields: Set<string> | undefined;
  step: string;
  index: number;
}

/** Few texts have one: a point, an exponent, or more digits than JavaScript keeps. It may stand inside a string. */
const unusualNumber = /[[:,\s]-?(?:\d+[.eE]|\d{16})/;

/** Strings with the colon that makes them a field's name, or one of the brackets and commas. */
const tokens = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\],]/gs;
const tokensWithNumbers = new RegExp(`${tokens.source}|-?\\d[\\d.eE+-]*`, 'gs');

/**
 * Paths of duplicates in a text that is known to be JSON. One pass; nothing is parsed but names with escapes. On the way
 * it collects the texts of unusual numbers, where its caller asks for them.
 */
export function duplicateFields(text: string, numbers?: Map<string, string>): string[] {
  const duplicates = new Set<string>();
  const open: Open[] = [];
  for (const [token, content, colon] of text.matchAll(numbers === undefined ? tokens : tokensWithNumbers)) {
    const inner = open.at(-1);
    if (token === '{') open.push({ fields: new Set(), step: '', index: 0 });
    else if (token === '[') open.push({ fields: undefined, step: '[0]', index: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && inner !== undefined && inner.fields === undefined) inner.step = `[${(inner.index += 1)}]`;
    else if (colon !== undefined && inner?.fields !== undefined && content !== undefined) {
      inner.step = content.includes('\\') ? (JSON.parse(`"${content}"`) as string) : content;
      if (inner.fields.has(inner.step)) duplicates.add(pathOf(open));
      inner.fields.add(inner.step);
    } else if (numbers !== undefined && /^[-\d]/.test(token) && token !== String(Number(token))) numbers.set(pathOf(open), token);
  }
  return [...duplicates];
}

const pathOf = (open: readonly Open[]): string =>
  open.reduce((path, { step }) => (path === '' || step.startsWith('[') ? path + step : `${path}.${step}`), '');
