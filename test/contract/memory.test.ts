import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { storeContract } from './store.contract.ts';
import { tableContract } from './table.contract.ts';

function place() {
  const table = memoryTable();
  return { open: () => table, remove: async () => undefined };
}

tableContract('memory table', place);
storeContract('memory table', place);
