/** The value of a literal text, from its quotes and escapes. Source: cel-go, parser/unescape.go. */
const simple: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

interface Quoted {
  readonly content: string;
  readonly isRaw: boolean;
}

function withoutQuotes(text: string): Quoted {
  const isRaw = /^[rR]/u.test(text);
  const quoted = isRaw ? text.slice(1) : text;
  const quote = /^("""|'''|"|')/u.exec(quoted)?.[0] ?? '';
  return { content: quoted.slice(quote.length, quoted.length - quote.length), isRaw };
}

const escapes = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[xX]([0-9a-fA-F]{2})|([0-3][0-7][0-7])|([^]))/gu;

function codeOf(digits: readonly (string | undefined)[]): number | undefined {
  const [short, long, hexadecimal, octal] = digits;
  const sixteen = short ?? long ?? hexadecimal;
  if (sixteen !== undefined) return Number.parseInt(sixteen, 16);
  return octal === undefined ? undefined : Number.parseInt(octal, 8);
}

/** The text, or undefined where an escape names no character. */
export function unescapedText(text: string): string | undefined {
  const { content, isRaw } = withoutQuotes(text);
  const lines = content.replaceAll(/\r\n?/gu, '\n');
  if (isRaw || !lines.includes('\\')) return lines;
  let isValid = true;
  const result = lines.replaceAll(escapes, (_, ...groups: string[]) => {
    const code = codeOf(groups);
    if (code === undefined) return simple[groups[4] ?? ''] ?? groups[4] ?? '';
    if (code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)) isValid = false;
    return isValid ? String.fromCodePoint(code) : '';
  });
  return isValid ? result : undefined;
}

/** The bytes, with `\x` and octal escapes as single bytes; undefined where an escape of a character is used. */
export function unescapedBytes(text: string): Uint8Array | undefined {
  const { content, isRaw } = withoutQuotes(text.slice(1));
  const lines = content.replaceAll(/\r\n?/gu, '\n');
  if (isRaw) return new TextEncoder().encode(lines);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const match of lines.matchAll(escapes)) {
    if (match[1] !== undefined || match[2] !== undefined) return undefined;
    const code = codeOf(match.slice(1));
    const character = match[5] ?? '';
    parts.push(new TextEncoder().encode(lines.slice(from, match.index)));
    parts.push(code === undefined ? new TextEncoder().encode(simple[character] ?? character) : Uint8Array.of(code));
    from = match.index + match[0].length;
  }
  parts.push(new TextEncoder().encode(lines.slice(from)));
  return Buffer.concat(parts);
}
