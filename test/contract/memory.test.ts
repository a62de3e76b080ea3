import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { storeContract } from './store.contract.ts';
import { tableContract } from './table.contract.ts';

function place() {
  const table = memoryTable();
  return { startMs: Date.UTC(2026, 0, 1), open: () => table, remove: async () => undefined };
}

tableContract('memory table', place);
storeContract('memory table', place);
