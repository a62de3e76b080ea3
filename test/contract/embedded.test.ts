import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { storeContract } from './store.contract.ts';

storeContract('embedded table', () => {
  const directory = mkdtempSync(join(tmpdir(), 'store-contract-'));
  return {
    open: () => embeddedTable(directory),
    remove: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
