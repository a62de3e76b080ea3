/** The slots that records of the table's stream show. Other items, and other clusters', are left out. */
import { slotOf } from '../store/dynamodb/item.ts';
import { StoreError } from '../store/store.ts';
import type { SlotItem } from '../store/table.ts';
import type { Log } from '../world.ts';
import type { AttributeValue, StreamEvent } from './event-sources.ts';

export function slotsIn({ Records }: StreamEvent, cluster: string, log: Log): SlotItem[] {
  return Records.flatMap(({ dynamodb: { NewImage: image } = {} }) => {
    if (image === undefined || image['pk']?.S?.startsWith(`${cluster}#L#`) !== true) return [];
    try {
      return [slotOf(withBytes(image))];
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.error('a record of the stream could not be read', { error });
      return [];
    }
  });
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
