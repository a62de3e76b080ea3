/** Appends a slot as the store does: an answer that did not come in time is asked for again, with the same bytes. */
import type { SlotItem, Table } from '../../functions/store/table.ts';

const attemptsMax = 20;

/** For tests about something else than appending: a cold engine may need more than a second for its first writes. */
export async function append(table: Table, item: SlotItem, signedMs: number): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const appended = await table.appendSlot(item, signedMs);
    if (appended.outcome === 'written') return;
    if (appended.outcome === 'taken') {
      if (appended.by.nonce === item.nonce) return;
      throw new Error(`slot ${item.slot} is another's`);
    }
  }
  throw new Error(`slot ${item.slot} could not be written`);
}
