/** The table on DynamoDB keeps the promises of the port, on an engine of one's choice. */
import { after, before, describe, test } from 'node:test';
import { createTable, missingEngine, openTable, startEngine, type DynamodbEngine, type EngineName } from '../support/dynamodb-engine.ts';
import { storeContract, type TablePlace } from './store.contract.ts';
import { tableContract } from './table.contract.ts';

const tableName = 'contract';

/** DynamoDB is told when an item may go as it is written, and removes it some time after: nothing to see here. */
const expiresByItself = {
  'prunes old slots and tombstones up to a place, and named blobs, and nothing else':
    'DynamoDB expires what is old by itself, some time later',
};

export function dynamodbContract(name: EngineName): void {
  const missing = missingEngine(name);
  if (missing !== undefined) return void test(`the table on ${name}`, { skip: missing }, () => undefined);
  describe(`DynamoDB as ${name}`, () => {
    let engine: DynamodbEngine;
    let clusters = 0;
    before(async () => {
      engine = await startEngine(name);
      await createTable(engine.endpoint, tableName);
    });
    after(() => engine.stop());
    const place = (): TablePlace => {
      clusters += 1;
      const cluster = `cluster-${clusters}`;
      return { open: () => openTable(engine.endpoint, tableName, cluster), remove: async () => undefined };
    };
    tableContract(name, place, expiresByItself);
    storeContract(name, place);
  });
}
