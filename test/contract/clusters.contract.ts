/** Clusters that share a table: the list of them, and the removal of one, on an engine of one's choice. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { jsonService, type JsonService } from '../../functions/aws/json-service.ts';
import { clusterRecords, type ClusterRecord, type ClusterRecords } from '../../functions/store/dynamodb/cluster-records.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { realWorld } from '../../functions/world.ts';
import { removeKeys } from '../../infra/cli/cluster-keys.ts';
import {
  clientFor,
  createTable,
  missingEngine,
  openTable,
  settingsFor,
  startEngine,
  type DynamodbEngine,
  type EngineName,
} from '../support/dynamodb-engine.ts';

const tableName = 'clusters';
const world = realWorld('error');
const blue: ClusterRecord = { name: 'blue', id: 'blue.x', createdMs: 1 };

export function clustersContract(name: EngineName): void {
  describe(`clusters that share a table on ${name}`, { skip: missingEngine(name) }, () => {
    let engine: DynamodbEngine;
    let records: ClusterRecords;
    let service: JsonService;

    before(async () => {
      engine = await startEngine(name);
      await createTable(engine.endpoint, tableName);
      const access = settingsFor(engine.endpoint);
      records = clusterRecords({ tableName, world, client: access });
      service = jsonService({ ...access, service: 'dynamodb', target: 'DynamoDB_20120810', clock: world.clock });
    });
    after(async () => {
      records?.close();
      service?.close();
      await engine?.stop();
    });

    async function write(cluster: string, count: number): Promise<void> {
      const store = await createStore({ table: openTable(engine.endpoint, tableName, cluster), world });
      for (let index = 0; index < count; index += 1) {
        const key = { resource: 'configmaps', namespace: 'default', name: `map-${index}` };
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: key.name, namespace: key.namespace, uid: `${index}` } };
        await store.commit({
          keys: [key],
          decide: () => ({ outcome: 'write', writes: [{ type: 'create', key, object }], answer: () => undefined }),
        });
      }
      await store.housekeep();
      await store.close();
    }

    async function objectsIn(cluster: string): Promise<number> {
      const store = await createStore({ table: openTable(engine.endpoint, tableName, cluster), world });
      const { length } = store.view().list('configmaps');
      await store.close();
      return length;
    }

    test('a name is given once, and free again when its cluster is gone', async () => {
      assert.deepEqual(await records.list(), []);
      assert.equal(await records.create(blue), true);
      assert.equal(await records.create({ ...blue, id: 'blue.y' }), false);
      assert.deepEqual(await records.list(), [blue]);
      await records.create({ name: 'a', id: 'a.x', createdMs: 2 });
      assert.deepEqual(
        (await records.list()).map((record) => record.name),
        ['a', 'blue'],
      );
      assert.equal(await records.replace({ ...blue, id: 'blue.y', deletedMs: 3 }), false);
      assert.equal(await records.replace({ ...blue, deletedMs: 3 }), true);
      assert.deepEqual((await records.list())[1], { ...blue, deletedMs: 3 });
      await records.remove(blue);
      assert.equal(await records.create({ ...blue, id: 'blue.z' }), true);
      await assert.rejects(records.remove(blue), { name: 'ConditionalCheckFailedException' });
    });

    test('what a cluster kept is removed, and its neighbours keep theirs', async () => {
      for (const [cluster, count] of [
        ['blue', 3],
        ['blue.x', 60],
        ['blue.xy', 2],
      ] as const)
        await write(cluster, count);
      const removed = await removeKeys({ service, tableName, id: 'blue.x', clock: world.clock });
      assert.ok(removed > 60, `${removed} items`);
      assert.equal(await removeKeys({ service, tableName, id: 'blue.x', clock: world.clock }), 0);
      assert.deepEqual([await objectsIn('blue'), await objectsIn('blue.xy')], [3, 2]);
      const client = clientFor(engine.endpoint);
      const { Items: items } = await client.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: 'blue.x#L#0#0' } },
          ConsistentRead: true,
        }),
      );
      client.destroy();
      assert.deepEqual(items, []);
    });
  });
}
