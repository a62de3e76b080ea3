/** Text in quotes as Go prints it with `%q`: what can be printed stays, the rest is escaped. Source: strconv, quote.go. */
const named: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** Whether Go's unicode.IsPrint holds. */
export const isPrintable = (character: string): boolean => character === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);

const plain = /^[\w ./:*@+()[\]{}=,;!?<>~|&%$#^'`-]*$/;
const [asciiMax, basicMax] = [0x7f, 0xffff];

export function goQuote(text: string): string {
  return plain.test(text) ? `"${text}"` : `"${Array.from(text, escaped).join('')}"`;
}

function escaped(character: string): string {
  const short = named[character];
  if (short !== undefined) return short;
  if (isPrintable(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code <= asciiMax) return `\\x${digits.padStart(2, '0')}`;
  return code <= basicMax ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}

/** JSON as Go writes it: what could be markup is escaped. */
export const goEscaped = (json: string): string =>
  json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
