/** A slot's changes for who has no store: what lies in a blob that cannot be read is not known. */
import { BodyReader, readLogSlot } from '../store/log-slot.ts';
import { type Change, StoreError } from '../store/store.ts';
import type { SlotItem, Table } from '../store/table.ts';

export const lastRevisionOf = ({ firstRevision, count }: SlotItem): number => firstRevision + count - 1;

/** No watch here reads what selectors may name. */
const noFields = (): Record<string, string> => ({});

/** Undefined: it cannot be read here, so it may hold anything. */
export async function changesOf(item: SlotItem, table: Pick<Table, 'readBlob'>): Promise<readonly Change[] | undefined> {
  try {
    const { entries } = await readLogSlot(item, new BodyReader(table), noFields);
    return entries.flatMap((entry) => (entry.type === 'change' ? [entry.change] : []));
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
