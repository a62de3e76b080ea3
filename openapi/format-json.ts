/** JSON as a person reads a change in it: a value that fits stands on one line, a longer one has its parts on lines of their own. */

const lineCharactersMax = 120;

export const formatJson = (value: unknown): string => `${formatted(value, '', '')}\n`;

/** `start` is what precedes the value on its line. */
function formatted(value: unknown, indent: string, start: string): string {
  const line = `${start}${JSON.stringify(value)}`;
  if (typeof value !== 'object' || value === null || indent.length + line.length <= lineCharactersMax) return line;
  const inner = `${indent} `;
  const [open, close, parts] = Array.isArray(value)
    ? ['[', ']', value.map((part) => formatted(part, inner, ''))]
    : ['{', '}', Object.entries(value).map(([field, part]) => formatted(part, inner, `${JSON.stringify(field)}: `))];
  return `${start}${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}
