/** The slots that records of the table's stream show, by cluster. Other items are left out. */
import { clusterOfSlots } from '../store/dynamodb/cluster-keys.ts';
import { slotOf } from '../store/dynamodb/item.ts';
import { StoreError } from '../store/store.ts';
import type { SlotItem } from '../store/table.ts';
import type { Log } from '../world.ts';
import type { AttributeValue, StreamEvent } from './event-sources.ts';

/** By what the cluster's keys begin with. */
export function slotsIn({ Records }: StreamEvent, log: Log): ReadonlyMap<string, readonly SlotItem[]> {
  const slots = new Map<string, SlotItem[]>();
  for (const { dynamodb: { NewImage: image } = {} } of Records) {
    const cluster = clusterOfSlots(image?.['pk']?.S ?? '');
    if (image === undefined || cluster === undefined) continue;
    try {
      slots.set(cluster, [...(slots.get(cluster) ?? []), slotOf(withBytes(image))]);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.error('a record of the stream could not be read', { cluster, error });
    }
  }
  return slots;
}

/** In events, bytes are base64. */
function withBytes(image: Readonly<Record<string, AttributeValue>>): Parameters<typeof slotOf>[0] {
  const item: Parameters<typeof slotOf>[0] = {};
  for (const [name, { S, N, B }] of Object.entries(image)) {
    if (S !== undefined) item[name] = { S };
    else if (N !== undefined) item[name] = { N };
    else if (B !== undefined) item[name] = { B: Buffer.from(B, 'base64') };
  }
  return item;
}
