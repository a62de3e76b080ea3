/**
 * Brings the records of a table's stream to a function, as Lambda's event source mapping does. It polls each shard four
 * times a second, in order. A batch that fails is tried again and then halved, so that one bad record is given up
 * alone.
 */
import type { World } from '../../../functions/world.ts';
import { awsJson, dynamodbAt, streamsAt } from './aws-json.ts';
import type { EventFunction } from './event-function.ts';
import type { Faults } from './faults.ts';

export interface StreamSourceOptions {
  readonly endpoint: string;
  readonly tableName: string;
  readonly target: Pick<EventFunction, 'invoke'>;
  readonly faults: Faults;
  readonly world: World;
}

const pollMs = 250;
const batchMax = 100;
const retriesMax = 3;

/** Returns how to stop it. */
export async function startStreamSource(options: StreamSourceOptions): Promise<() => void> {
  const { endpoint, tableName, target, faults, world } = options;
  const streams = streamsAt(endpoint);
  const { Table } = await awsJson<{ readonly Table: { readonly LatestStreamArn: string } }>(dynamodbAt(endpoint), 'DescribeTable', {
    TableName: tableName,
  });
  const StreamArn = Table.LatestStreamArn;
  const iterators = new Map<string, string | undefined>();
  let isStopped = false;

  /** Whatever is bad in the batch, the rest of it arrives. */
  async function deliver(records: readonly object[], retries = retriesMax): Promise<void> {
    if (records.length === 0 || isStopped) return;
    const { outcome } = await target.invoke({ Records: records });
    if (outcome === 'answered') {
      if (faults.duplicates === true) await target.invoke({ Records: records });
      return;
    }
    if (retries > 0) return deliver(records, retries - 1);
    if (records.length === 1) return world.log.error('a record of the stream was given up', { records });
    const half = Math.ceil(records.length / 2);
    await deliver(records.slice(0, half), 0);
    await deliver(records.slice(half), 0);
  }

  async function findShards(type: 'LATEST' | 'TRIM_HORIZON'): Promise<void> {
    const { StreamDescription } = await awsJson<{
      readonly StreamDescription: { readonly Shards: readonly { readonly ShardId: string }[] };
    }>(streams, 'DescribeStream', { StreamArn });
    for (const { ShardId } of StreamDescription.Shards) {
      if (iterators.has(ShardId)) continue;
      const request = { StreamArn, ShardId, ShardIteratorType: type };
      iterators.set(ShardId, (await awsJson<{ readonly ShardIterator: string }>(streams, 'GetShardIterator', request)).ShardIterator);
    }
  }

  async function readShard(shard: string, iterator: string): Promise<void> {
    const { Records, NextShardIterator } = await awsJson<{ readonly Records: readonly object[]; readonly NextShardIterator?: string }>(
      streams,
      'GetRecords',
      { ShardIterator: iterator, Limit: batchMax },
    );
    if (Records.length > 0 && faults.streamLateMs !== undefined) await world.clock.sleep(faults.streamLateMs);
    await deliver(Records);
    iterators.set(shard, NextShardIterator);
  }

  async function readShards(): Promise<void> {
    for (const [shard, iterator] of iterators) if (iterator !== undefined) await readShard(shard, iterator);
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      try {
        await findShards('TRIM_HORIZON');
        await readShards();
      } catch (error) {
        if (!isStopped) world.log.warn('the stream could not be read', { error });
      }
      await world.clock.sleep(pollMs);
    }
  }
  await findShards('LATEST');
  void run();
  return () => {
    isStopped = true;
  };
}
