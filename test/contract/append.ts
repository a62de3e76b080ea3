/** Appends a slot, for tests about something else than appending. */
import assert from 'node:assert/strict';
import type { SlotItem, Table } from '../../functions/store/table.ts';

export async function append(table: Table, item: SlotItem, signedMs: number): Promise<void> {
  assert.deepEqual(await table.appendSlot(item, signedMs), { outcome: 'written' });
}
