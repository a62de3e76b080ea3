/** The log entries that records of the table's stream show, by cluster. Other items are left out. */
import { clusterOfEntries } from '../store/dynamodb/cluster-keys.ts';
import { entryOf } from '../store/dynamodb/item.ts';
import { StoreError } from '../store/store.ts';
import type { EntryItem } from '../store/table.ts';
import type { Log } from '../world.ts';
import type { AttributeValue, StreamEvent } from './event-sources.ts';

/** By what the cluster's keys begin with. */
export function entriesIn({ Records }: StreamEvent, log: Log): ReadonlyMap<string, readonly EntryItem[]> {
  const entries = new Map<string, EntryItem[]>();
  for (const { dynamodb: { NewImage: image } = {} } of Records) {
    const cluster = clusterOfEntries(image?.['pk']?.S ?? '');
    if (image === undefined || cluster === undefined) continue;
    try {
      entries.set(cluster, [...(entries.get(cluster) ?? []), entryOf(withBytes(image))]);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.error('a record of the stream could not be read', { cluster, error });
    }
  }
  return entries;
}

/** The item with its bytes: in events, they are base64. */
function withBytes(image: Readonly<Record<string, AttributeValue>>): Parameters<typeof entryOf>[0] {
  const item: Parameters<typeof entryOf>[0] = {};
  for (const [name, { S, N, B }] of Object.entries(image)) {
    if (S !== undefined) item[name] = { S };
    else if (N !== undefined) item[name] = { N };
    else if (B !== undefined) item[name] = { B: Buffer.from(B, 'base64') };
  }
  return item;
}
