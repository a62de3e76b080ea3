/** Parts of documents that programs write: tables as the formatter wants them, and a block between two markers. */

export function markdownTable(rows: readonly (readonly string[])[]): readonly string[] {
  const [heading = [], ...rest] = rows;
  const widths = heading.map((_, column) => Math.max(3, ...rows.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(heading), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)];
}

/** The text with these lines between `<!-- OPENING -->` and `<!-- CLOSING -->`. */
export function withBlock(text: string, [opening, closing]: readonly [string, string], lines: readonly string[]): string {
  const [start, end] = [text.indexOf(`<!-- ${opening} -->`), text.indexOf(`<!-- ${closing} -->`)];
  if (start < 0 || end < start) throw new Error(`there is no <!-- ${opening} --> … <!-- ${closing} -->`);
  return `${text.slice(0, start)}<!-- ${opening} -->\n\n${lines.join('\n')}\n\n${text.slice(end)}`;
}
