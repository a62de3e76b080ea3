/**
 * The difference between two values as messages of upstream show it: their JSON, line by line, with what surrounds a change.
 * Source: apimachinery, pkg/util/diff/diff.go, which prints a unified diff.
 */

const contextLines = 3;
/** Of each value; a longer one is not compared line by line. */
const linesMax = 1000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** '' when they are equal, or too long to show. */
export function unifiedDiff(before: unknown, after: unknown): string {
  const [gone, come] = [before, after].map((value) => JSON.stringify(value, null, 1).split('\n'));
  if (gone === undefined || come === undefined || Math.max(gone.length, come.length) > linesMax) return '';
  const lines = changes(gone, come);
  return hunks(lines)
    .map(([start, end]) => hunkText(lines, start, end))
    .join('');
}

/** What stays, goes and comes, by the longest common part. */
function changes(before: readonly string[], after: readonly string[]): Line[] {
  const lengths = before.map(() => Array.from({ length: after.length + 1 }, () => 0));
  const common = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const length = before[i] === after[j] ? common(i + 1, j + 1) + 1 : Math.max(common(i + 1, j), common(i, j + 1));
      lengths[i]?.splice(j, 1, length);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [gone, come] = [before[i], after[j]];
    if (gone !== undefined && gone === come) {
      lines.push({ mark: ' ', text: gone });
      i += 1;
      j += 1;
    } else if (gone !== undefined && (come === undefined || common(i + 1, j) >= common(i, j + 1))) {
      lines.push({ mark: '-', text: gone });
      i += 1;
    } else {
      lines.push({ mark: '+', text: come ?? '' });
      j += 1;
    }
  }
  return lines;
}

/** The ranges of lines around changes; ranges that touch are one. */
function hunks(lines: readonly Line[]): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  lines.forEach(({ mark }, index) => {
    if (mark === ' ') return;
    const [start, end] = [Math.max(0, index - contextLines), Math.min(lines.length, index + contextLines + 1)];
    const last = ranges.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = end;
    else ranges.push([start, end]);
  });
  return ranges;
}

function hunkText(lines: readonly Line[], start: number, end: number): string {
  const count = (from: readonly Line[], other: '-' | '+'): number => from.filter(({ mark }) => mark !== other).length;
  const [head, body] = [lines.slice(0, start), lines.slice(start, end)];
  const range = (other: '-' | '+'): string => {
    const length = count(body, other);
    const first = count(head, other) + (length === 0 ? 0 : 1);
    return length === 1 ? `${first}` : `${first},${length}`;
  };
  return `@@ -${range('+')} +${range('-')} @@\n${body.map(({ mark, text }) => `${mark}${text}\n`).join('')}`;
}
