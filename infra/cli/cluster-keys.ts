/**
 * Removes what a deleted cluster kept: the whole table is read, page by page, and what begins with the cluster's id is deleted.
 * It costs what reading the table costs, and does no harm when it is cut off: the next one goes on.
 */
import type { JsonService } from '../../functions/aws/json-service.ts';
import { isThrottling } from '../../functions/aws/refusals.ts';
import { clusterKeys } from '../../functions/store/dynamodb/cluster-keys.ts';
import type { Clock } from '../../functions/world.ts';

export interface RemovalOptions {
  readonly service: Pick<JsonService, 'call'>;
  readonly tableName: string;
  /** The id of the cluster. */
  readonly id: string;
  readonly clock: Pick<Clock, 'sleep'>;
}

interface KeyItem {
  readonly pk: { readonly S: string };
  readonly sk: { readonly S: string };
}

interface Page {
  readonly Items?: readonly KeyItem[];
  readonly LastEvaluatedKey?: KeyItem;
}

interface Deletion {
  readonly DeleteRequest: { readonly Key: KeyItem };
}

interface Batch {
  readonly UnprocessedItems?: Readonly<Record<string, readonly Deletion[]>>;
}

/** How many pages of at most 1 MB one run may read. */
const pagesMax = 1_000_000;
/** Source: BatchWriteItem's limit. */
const batchMax = 25;
const attemptsMax = 10;
const pauseMs = { first: 50, most: 2_000 };

/** Removes the items, and returns how many there were. */
export async function removeKeys(options: RemovalOptions): Promise<number> {
  const { tableName, id } = options;
  const keys = clusterKeys(id);
  let removed = 0;
  let from: KeyItem | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const scan = {
      TableName: tableName,
      ConsistentRead: true,
      ProjectionExpression: 'pk, sk',
      FilterExpression: 'begins_with(pk, :keys)',
      ExpressionAttributeValues: { ':keys': { S: keys } },
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    };
    const { Items: items = [], LastEvaluatedKey: next } = (await patiently(options, () => options.service.call('Scan', scan))) as Page;
    const own = items.filter(({ pk }) => pk.S.startsWith(keys));
    for (let index = 0; index < own.length; index += batchMax) await removeBatch(options, own.slice(index, index + batchMax));
    removed += own.length;
    from = next;
    if (from === undefined) return removed;
  }
  throw new RangeError(`the table has more than ${pagesMax} pages`);
}

async function removeBatch(options: RemovalOptions, items: readonly KeyItem[]): Promise<void> {
  const { service, tableName, clock } = options;
  let left: readonly Deletion[] = items.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } }));
  for (let attempt = 1; left.length > 0; attempt += 1) {
    if (attempt > attemptsMax) throw new RangeError(`the table did not delete ${left.length} items in ${attemptsMax} attempts`);
    if (attempt > 1) await clock.sleep(pauseOf(attempt - 1));
    const request = { RequestItems: { [tableName]: left } };
    const { UnprocessedItems: unprocessed } = (await patiently(options, () => service.call('BatchWriteItem', request))) as Batch;
    left = unprocessed?.[tableName] ?? [];
  }
}

const pauseOf = (attempt: number): number => Math.min(pauseMs.most, pauseMs.first * 2 ** (attempt - 1));

const isWorthRepeating = (error: unknown): boolean =>
  error instanceof Error && (isThrottling(error) || error.name === 'InternalServerError');

/** Tries again while the table is too busy. */
async function patiently<T>({ clock }: RemovalOptions, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isWorthRepeating(error) || attempt >= attemptsMax) throw error;
    }
    await clock.sleep(pauseOf(attempt));
  }
}
