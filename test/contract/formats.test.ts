import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import type { Formats } from '../../functions/store/format.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Table } from '../../functions/store/table.ts';
import { createTable, missingEngine, openTable, startEngine, type DynamodbEngine } from '../support/dynamodb-engine.ts';
import { type FormatPlace, formatContract } from './formats.contract.ts';
import { loadingContract } from './loading.contract.ts';

function contracts(name: string, place: () => FormatPlace): void {
  formatContract(name, place);
  loadingContract(name, place);
}

contracts('memory table', () => {
  let table: Table | undefined;
  return { open: (formats) => (table ??= memoryTable({ formats })), remove: async () => undefined };
});

contracts('embedded table', () => {
  const directory = mkdtempSync(join(tmpdir(), 'formats-'));
  return {
    open: (formats) => embeddedTable(directory, { formats, segmentEntries: 4 }),
    remove: async () => rmSync(directory, { recursive: true }),
  };
});

const missing = missingEngine('dynoxide');

describe('DynamoDB as dynoxide', missing === undefined ? {} : { skip: missing }, () => {
  const tableName = 'formats';
  let engine: DynamodbEngine;
  let clusters = 0;
  before(async () => {
    engine = await startEngine('dynoxide');
    await createTable(engine.endpoint, tableName);
  });
  after(() => engine?.stop());
  contracts('dynoxide', () => {
    clusters += 1;
    const cluster = `cluster-${clusters}`;
    const open = (formats: Formats): Table => openTable(engine.endpoint, tableName, cluster, { formats });
    return { open, remove: async () => undefined };
  });
});
