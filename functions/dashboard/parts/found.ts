/** Which names a text finds, the closest first. Pure. */

export interface Entry<T> {
  readonly title: string;
  readonly hint: string;
  /** Other names. */
  readonly also?: readonly string[];
  readonly to: T;
}

const shownMax = 12;

/** Larger is closer; 0: it is not found. */
function closeness(names: readonly string[], text: string): number {
  return Math.max(
    ...names.map((name, index) => {
      const lower = name.toLowerCase();
      if (lower === text) return 100 - index;
      if (lower.startsWith(text)) return 60 - index;
      return lower.includes(text) ? 20 - index : 0;
    }),
  );
}

export function found<T>(entries: readonly Entry<T>[], text: string): readonly Entry<T>[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return entries.slice(0, shownMax);
  return entries
    .map((entry) => ({ entry, close: closeness([entry.title, ...(entry.also ?? [])], wanted) }))
    .filter(({ close }) => close > 0)
    .toSorted((a, b) => b.close - a.close || a.entry.title.length - b.entry.title.length)
    .slice(0, shownMax)
    .map(({ entry }) => entry);
}
