/**
 * Which clusters share a table: one item each, in a partition that no cluster's keys can begin with. The cluster that the
 * deployment itself made has none. Who makes and deletes clusters writes here; functions only read.
 *
 *     #clusters   <name>   i id, c ms when it was made, d ms when it was deleted
 */
import type { AwsAccess } from '../../aws/json-service.ts';
import type { World } from '../../world.ts';
import { StoreError } from '../store.ts';
import { clusterListPartition } from './cluster-keys.ts';
import { CostCounters } from './costs.ts';
import { dynamodbService } from './dynamodb-service.ts';
import { keyAttributes, number, text, type Item, type ItemKey } from './item.ts';
import { Requests, type Put } from './requests.ts';

export interface ClusterRecord {
  readonly name: string;
  /** What its keys begin with. Given once, so that who still holds a deleted cluster open harms no later one of its name. */
  readonly id: string;
  readonly createdMs: number;
  /** When the cluster was deleted: no client is served since then, and its keys may be removed. */
  readonly deletedMs?: number;
}

export interface ClusterRecords {
  /** The records in the order of names. */
  list(): Promise<readonly ClusterRecord[]>;
  /** False: the name is taken. */
  create(record: ClusterRecord): Promise<boolean>;
  /** False: it is another cluster's name by now. */
  replace(record: ClusterRecord): Promise<boolean>;
  /** Once nothing is left of it: its name is free. */
  remove(record: ClusterRecord): Promise<void>;
  close(): void;
}

export interface ClusterRecordOptions {
  readonly tableName: string;
  readonly world: Pick<World, 'clock' | 'random'>;
  /** Region, credentials, endpoint; what is absent comes from the environment. */
  readonly client?: AwsAccess;
}

const clusterRecordKey = (name: string): ItemKey => ({ pk: clusterListPartition, sk: name });

const attributesOf = ({ name, id, createdMs, deletedMs }: ClusterRecord): Item => ({
  ...keyAttributes(clusterRecordKey(name)),
  i: text(id),
  c: number(createdMs),
  ...(deletedMs === undefined ? {} : { d: number(deletedMs) }),
});

function recordOf({ sk, i, c, d }: Item): ClusterRecord {
  const [name, id, createdMs] = [sk?.S, i?.S, Number(c?.N)];
  if (name === undefined || id === undefined || Number.isNaN(createdMs))
    throw new StoreError('corrupt', `the record of cluster ${name ?? 'unknown'} cannot be read`);
  return { name, id, createdMs, ...(d?.N === undefined ? {} : { deletedMs: Number(d.N) }) };
}

export function clusterRecords({ tableName, world, client = {} }: ClusterRecordOptions): ClusterRecords {
  const service = dynamodbService(client, world.clock);
  const requests = new Requests({ service, tableName, costs: new CostCounters(), ...world });
  async function put(item: Item, condition: Pick<Put, 'condition' | 'values'>): Promise<boolean> {
    const put = await requests.put({ operation: 'putCluster', item, ...condition, isRepeatable: false });
    if (put.outcome === 'unknown') throw put.cause;
    return put.outcome === 'written';
  }
  return {
    list: async () => (await requests.queryAll({ operation: 'readClusters', partition: clusterListPartition })).map(recordOf),
    create: (record) => put(attributesOf(record), { condition: 'attribute_not_exists(pk)' }),
    replace: (record) => put(attributesOf(record), { condition: 'i = :id', values: { ':id': text(record.id) } }),
    async remove({ name, id }) {
      const [Key, condition] = [keyAttributes(clusterRecordKey(name)), { ':id': text(id) }];
      await service.send('DeleteItem', { TableName: tableName, Key, ConditionExpression: 'i = :id', ExpressionAttributeValues: condition });
    },
    close: () => service.close(),
  };
}
