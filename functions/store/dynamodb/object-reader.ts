/**
 * Reads all object items of a cluster. A small cluster's fill one page: one query. Their sort keys begin with a hash. So
 * the end of the first page shows how many pages there are. The others are read side by side.
 *
 *     place   0000 ──────▶ 2a31          3f80          54a0   …   ffff
 *             first page, alone │ a query │ a query │ a query │ …
 */
import type { ObjectItem } from '../table.ts';
import { eachAtOnce } from './each-at-once.ts';
import { objectOf, objectPartition, placeOf, placesEnd, placeText, type Item } from './item.ts';
import type { Query, Requests } from './requests.ts';

const queriesAtOnce = 16;
/** Pages differ: most ranges fit into one if they are a bit smaller than the first. */
const rangeShare = 0.8;

export async function readObjectItems(requests: Requests, cluster: string): Promise<readonly ObjectItem[]> {
  const query: Query = { operation: 'readObjects', partition: objectPartition(cluster) };
  const first = await requests.page(query);
  const rest =
    first.next === undefined ? [] : await eachAtOnce(queriesAfter(query, first.next), queriesAtOnce, (each) => requests.queryAll(each));
  return [first.items, ...rest].flatMap((items) => items.map(objectOf));
}

/** The rest of the places, in ranges that hold about a page each. */
function queriesAfter(query: Query, last: Item): readonly Query[] {
  const place = placeOf(last);
  const width = Math.max(1, Math.floor((place + 1) * rangeShare));
  const queries: Query[] = [];
  for (let from = place; from < placesEnd; from += width) {
    // A digit sorts after the slash that follows a place.
    const between = [placeText(from), `${placeText(Math.min(from + width, placesEnd) - 1)}0`] as const;
    queries.push({ ...query, between, ...(from === place ? { from: last } : {}) });
  }
  return queries;
}
