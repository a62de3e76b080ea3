/**
 * Patterns of schemas, matched as Go does: in time that grows with the length of the text, whatever the pattern.
 * The engine is large, so it is loaded with the first kind that may need it.
 */
import type { RE2JS } from 're2js';

let engine: typeof RE2JS | undefined;

export async function loadPatterns(): Promise<void> {
  engine ??= (await import('re2js')).RE2JS;
}

const compiled = new Map<string, RE2JS | string>();
const compiledMax = 10_000;

/** The pattern, or why it is none. */
export function compilePattern(pattern: string): RE2JS | string {
  if (engine === undefined) throw new Error('patterns are used before they are loaded');
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (compiled.size >= compiledMax) compiled.clear();
  const made = compiledBy(engine, pattern);
  compiled.set(pattern, made);
  return made;
}

function compiledBy(re2: typeof RE2JS, pattern: string): RE2JS | string {
  try {
    return re2.compile(pattern);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

/** Whether the pattern is found anywhere in the text. One that cannot be compiled was refused with its schema. */
export function matchesPattern(pattern: string, text: string): boolean {
  const found = compilePattern(pattern);
  return typeof found === 'string' || found.matcher(text).find();
}
