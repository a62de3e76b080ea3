/**
 * The parts that two texts have in common, as difflib finds them: the longest one first, then those on either side of it.
 * Lines that are too frequent in the second text begin no part. Source: go-difflib, SequenceMatcher.
 */
export interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

const longText = 200;

/** In order, neighbours joined; the last one is empty and stands at the end of both. */
export function matchingBlocks(a: readonly string[], b: readonly string[]): Block[] {
  const places = placesOf(b);
  const blocks: Block[] = [];
  const waiting: Range[] = [{ aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }];
  for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
    const block = longestMatch({ a, b, places }, range);
    if (block.size === 0) continue;
    blocks.push(block);
    waiting.push({ ...range, aEnd: block.a, bEnd: block.b }, { ...range, aStart: block.a + block.size, bStart: block.b + block.size });
  }
  blocks.sort((one, other) => one.a - other.a || one.b - other.b);
  return joined([...blocks, { a: a.length, b: b.length, size: 0 }]);
}

interface Range {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
}

interface Texts {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly places: ReadonlyMap<string, readonly number[]>;
}

/** Where each line of the second text stands, but for those that are everywhere in it. */
function placesOf(b: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = Map.groupBy(b.keys(), (index) => b[index] ?? '');
  if (b.length < longText) return places;
  const often = Math.floor(b.length / 100) + 1;
  return new Map([...places].filter(([, indexes]) => indexes.length <= often));
}

function longestMatch({ a, b, places }: Texts, { aStart, aEnd, bStart, bEnd }: Range): Block {
  let [bestA, bestB, size] = [aStart, bStart, 0];
  let lengths = new Map<number, number>();
  for (let i = aStart; i < aEnd; i += 1) {
    const next = new Map<number, number>();
    for (const j of places.get(a[i] ?? '') ?? []) {
      if (j < bStart) continue;
      if (j >= bEnd) break;
      const length = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, length);
      if (length > size) [bestA, bestB, size] = [i - length + 1, j - length + 1, length];
    }
    lengths = next;
  }
  while (bestA > aStart && bestB > bStart && a[bestA - 1] === b[bestB - 1]) [bestA, bestB, size] = [bestA - 1, bestB - 1, size + 1];
  while (bestA + size < aEnd && bestB + size < bEnd && a[bestA + size] === b[bestB + size]) size += 1;
  return { a: bestA, b: bestB, size };
}

function joined(blocks: readonly Block[]): Block[] {
  const result: Block[] = [];
  for (const block of blocks) {
    const before = result.at(-1);
    const touches = before !== undefined && before.a + before.size === block.a && before.b + before.size === block.b;
    if (touches && block.size > 0) result[result.length - 1] = { ...before, size: before.size + block.size };
    else result.push(block);
  }
  return result;
}
