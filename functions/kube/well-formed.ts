/**
 * Texts as Go reads them out of JSON: half of a surrogate pair becomes the replacement character. Otherwise two names that
 * differ in such a half are one name wherever UTF-8 is written.
 */
import type { Json } from './object.ts';

export function wellFormed(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toWellFormed(), wellFormed(each)]));
}

/** In JSON or YAML, no other notation makes half a pair. */
const surrogateEscape = /\\[uU](?:0000)?[dD][89a-fA-F]/;

/** `text`: what the value was read from. */
export const wellFormedFrom = (text: string, value: Json): Json => (surrogateEscape.test(text) ? wellFormed(value) : value);
