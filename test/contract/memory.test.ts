import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { storeContract } from './store.contract.ts';

storeContract('memory table', () => {
  const table = memoryTable();
  return { open: () => table, remove: async () => undefined };
});
