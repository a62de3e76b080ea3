/**
 * Whether some order of the operations that respects real time explains what clients saw of one key. It reads nothing
 * but calls and answers. Source: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993), with Lowe's memory
 * of configurations.
 */

/** The value of a key; empty while it is absent. */
export type Value = string;

export interface KeyEvent {
  /** Places in the order of all moments; without an end it may have happened at any time since, or never. */
  readonly start: number;
  end?: number;
  /** Whether it may happen on this value. */
  readonly allows: (value: Value) => boolean;
  /** What it leaves behind; undefined when it only reads. */
  readonly writes?: Value;
}

export type Explained = 'yes' | 'no' | 'too many orders to check';

const configurationsMax = 20_000;

export function explain(events: readonly KeyEvent[]): Explained {
  // A read without an answer explains nothing.
  const all = events.filter(({ end, writes }) => end !== undefined || writes !== undefined).toSorted((a, b) => a.start - b.start);
  const known = new Set<string>();
  const isDone = all.map(() => false);
  let isTooMuch = false;

  const search = (value: Value, first: number): boolean => {
    while (first < all.length && isDone[first]) first += 1;
    const open = all
      .map((_, index) => index)
      .slice(first)
      .filter((index) => !isDone[index]);
    if (!open.some((index) => all[index]!.end !== undefined)) return true;
    const configuration = `${value} ${first} ${open.length} ${taken(first)}`;
    if (known.has(configuration)) return false;
    if (known.size > configurationsMax) {
      isTooMuch = true;
      return false;
    }
    known.add(configuration);
    // The next one must have begun before any that is still open has ended.
    const nextEnd = Math.min(...open.map((index) => all[index]!.end ?? Number.POSITIVE_INFINITY));
    for (const index of open) {
      const event = all[index]!;
      if (event.start > nextEnd) break;
      if (!event.allows(value)) continue;
      isDone[index] = true;
      if (search(event.writes ?? value, first)) return true;
      isDone[index] = false;
      // A read that fits here changes nothing for the others: no need to try an order without it.
      if (event.writes === undefined && event.end !== undefined) return false;
    }
    return false;
  };

  /** Which of those after the first open one are done. */
  const taken = (first: number): string => {
    const done: number[] = [];
    for (let index = first; index < all.length; index += 1) if (isDone[index]) done.push(index);
    return done.join();
  };

  if (search('', 0)) return 'yes';
  return isTooMuch ? 'too many orders to check' : 'no';
}
