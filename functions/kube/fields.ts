/** Field selectors: `metadata.name=web,status.phase!=Failed`. Source: apimachinery, pkg/fields/selector.go. */
import { ownField } from './own-field.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Cut at commas that no backslash precedes. */
function termsOf(text: string): string[] {
  const terms = text.match(/(?:\\[\s\S]|[^\\,])+\\?|\\$/g) ?? [];
  return terms.sort();
}

/** Throws with upstream's message. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return termsOf(text).map((term): FieldRequirement => {
    const match = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/.exec(term);
    if (match === null) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = match;
    return { field, operator: operator === '!=' ? '!=' : '=', value: unescaped(value) };
  });
}

function unescaped(value: string): string {
  return value.replace(/\\([\s\S]?)|[,=]/g, (sequence, char: string | undefined) => {
    if (char === undefined) {
      // Upstream prints the number of the character, not the character.
      throw new Error(`invalid field selector: unescaped character in value: ${sequence.charCodeAt(0)}`);
    }
    if (char === '\\' || char === ',' || char === '=') return char;
    throw new Error(`invalid field selector: invalid escape sequence: ${sequence}`);
  });
}

/** A field that the object does not have counts as ''. */
export const matchesFields = (requirements: readonly FieldRequirement[], fields: Readonly<Record<string, string>>): boolean =>
  requirements.every(({ field, operator, value }) => ((ownField(fields, field) ?? '') === value) === (operator === '='));
