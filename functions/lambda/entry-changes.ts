/** A log entry's changes for who has no store: what lies in a blob that cannot be read is not known. */
import { BodyReader, readLogEntry } from '../store/log-entry.ts';
import { type Change, StoreError } from '../store/store.ts';
import type { EntryItem, Table } from '../store/table.ts';

export const lastRevisionOf = ({ firstRevision, count }: EntryItem): number => firstRevision + count - 1;

/** No watch here reads what selectors may name. */
const noFields = (): Record<string, string> => ({});

/** Undefined: it cannot be read here, so it may hold anything. */
export async function changesOf(item: EntryItem, table: Pick<Table, 'readBlob'>): Promise<readonly Change[] | undefined> {
  try {
    const { contents } = await readLogEntry(item, { bodies: new BodyReader(table), fields: noFields, isLate: () => true });
    return contents.flatMap((content) => (content.type === 'change' ? [content.change] : []));
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
