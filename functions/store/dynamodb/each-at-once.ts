/** The results of an action on each item, in their order, so many at once. */
export async function eachAtOnce<T, R>(items: readonly T[], atOnce: number, action: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let first = 0; first < items.length; first += atOnce) {
    results.push(...(await Promise.all(items.slice(first, first + atOnce).map(action))));
  }
  return results;
}
