/** Appends a log entry, for tests about something else than appending. */
import assert from 'node:assert/strict';
import type { EntryItem, Table } from '../../functions/store/table.ts';

export async function append(table: Table, item: EntryItem, signedMs: number): Promise<void> {
  assert.deepEqual(await table.appendEntry(item, signedMs), { outcome: 'written' });
}
