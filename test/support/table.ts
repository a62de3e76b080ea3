/** Reads the tables that kubectl prints: columns stand at the same place in every line. */

interface Column {
  readonly name: string;
  readonly start: number;
}

/** Headings may have single spaces inside; two or more separate them. */
function headings(line: string): readonly Column[] {
  return [...line.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], start: match.index }));
}

const lines = (table: string): readonly string[] => table.split('\n').filter((line) => line !== '');

export const columns = (table: string): readonly string[] => headings(lines(table)[0] ?? '').map(({ name }) => name);

export function rows(table: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...body] = lines(table);
  const at = headings(head);
  return body.map((line) => Object.fromEntries(at.map(({ name, start }, index) => [name, line.slice(start, at[index + 1]?.start).trim()])));
}
