/**
 * The difference between two values as messages of upstream show it: their JSON, line by line, with what surrounds a change.
 * Source: apimachinery, pkg/util/diff/diff.go, which prints a unified diff of difflib's matching blocks.
 */
import { type Block, matchingBlocks } from './matching-blocks.ts';

const contextLines = 3;
/** The lines of each value; a longer one is not compared line by line. */
const linesMax = 5000;

interface Change {
  readonly isEqual: boolean;
  readonly before: readonly [start: number, end: number];
  readonly after: readonly [start: number, end: number];
}

/** '' when they are equal, or too long to show. */
export function unifiedDiff(before: unknown, after: unknown): string {
  const [gone, come] = [before, after].map((value) => JSON.stringify(value, null, 1).split('\n'));
  if (gone === undefined || come === undefined || Math.max(gone.length, come.length) > linesMax) return '';
  return grouped(changesOf(matchingBlocks(gone, come)))
    .map((group) => hunkText(group, gone, come))
    .join('');
}

/** What lies between the blocks, and the blocks. */
function changesOf(blocks: readonly Block[]): Change[] {
  let [i, j] = [0, 0];
  return blocks.flatMap(({ a, b, size }) => {
    const between: Change = { isEqual: false, before: [i, a], after: [j, b] };
    const same: Change = { isEqual: true, before: [a, a + size], after: [b, b + size] };
    const isChanged = i < a || j < b;
    [i, j] = [a + size, b + size];
    return [...(isChanged ? [between] : []), ...(size > 0 ? [same] : [])];
  });
}

const first = ({ before: [i], after: [j] }: Change): Change => ({
  isEqual: true,
  before: [i, i + contextLines],
  after: [j, j + contextLines],
});

const last = ({ before: [, i], after: [, j] }: Change): Change => ({
  isEqual: true,
  before: [i - contextLines, i],
  after: [j - contextLines, j],
});

const sizeOf = ({ before: [start, end] }: Change): number => end - start;

/** Changes with the lines around them: those that are near to each other stand together. */
function grouped(changes: readonly Change[]): Change[][] {
  const groups: Change[][] = [];
  let group: Change[] = [];
  for (const [index, change] of changes.entries()) {
    const isEdge = index === 0 || index === changes.length - 1;
    if (!change.isEqual || sizeOf(change) <= contextLines || (!isEdge && sizeOf(change) <= 2 * contextLines)) {
      group.push(change);
      continue;
    }
    if (index > 0) groups.push([...group, first(change)]);
    group = index < changes.length - 1 ? [last(change)] : [];
  }
  if (group.length > 0) groups.push(group);
  return groups.filter((one) => one.some(({ isEqual }) => !isEqual));
}

function hunkText(group: readonly Change[], before: readonly string[], after: readonly string[]): string {
  const range = (side: 'before' | 'after'): string => {
    const [start, end] = [group[0]?.[side][0] ?? 0, group.at(-1)?.[side][1] ?? 0];
    const length = end - start;
    return length === 1 ? `${start + 1}` : `${length === 0 ? start : start + 1},${length}`;
  };
  const marked = (mark: string, lines: readonly string[], [start, end]: readonly [number, number]): string =>
    lines
      .slice(start, end)
      .map((line) => `${mark}${line}\n`)
      .join('');
  const body = group.map((change) =>
    change.isEqual ? marked(' ', before, change.before) : marked('-', before, change.before) + marked('+', after, change.after),
  );
  return `@@ -${range('before')} +${range('after')} @@\n${body.join('')}`;
}
