/**
 * One request each to DynamoDB: bounded in time, counted, its errors translated. An entry
 * is sent once, because only the committer knows what may be sent again; reads, and writes that may be repeated
 * freely, are tried a few times here.
 */
import type { Clock, Random } from '../../world.ts';
import type { StoreError } from '../store.ts';
import { bytesOfItems, itemBytes, readUnitsOf, writeUnitsOf, type CostCounters } from './costs.ts';
import type { ConsumedCapacity, DynamodbService } from './dynamodb-service.ts';
import { keyAttributes, text, type AttributeValue, type Item, type ItemKey } from './item.ts';
import { troubleOf, type Trouble } from './translate.ts';

export interface RequestParts {
  readonly service: DynamodbService;
  readonly tableName: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly costs: CostCounters;
}

export interface Put {
  /** Under which name its cost is counted. */
  readonly operation: string;
  readonly item: Item;
  readonly condition?: string;
  readonly values?: Item;
  /** The clock reading that signs it; default: the time when it is sent. */
  readonly signedMs?: number;
  /** May be sent again if it is not known whether it was written. */
  readonly isRepeatable: boolean;
}

export type PutOutcome =
  | { readonly outcome: 'written' }
  /** The condition does not hold, and this is there. */
  | { readonly outcome: 'taken'; readonly by: Item }
  | { readonly outcome: 'unknown'; readonly cause: StoreError };

export interface Query {
  readonly operation: string;
  readonly partition: string;
  /** Sort keys greater than this. */
  readonly after?: string;
  /** Sort keys from the one to the other. */
  readonly between?: readonly [string, string];
  readonly limit?: number;
  /** Whether the items come from the greatest sort key down. */
  readonly isBackwards?: boolean;
  /** Goes on after this item, or its key. */
  readonly from?: Item;
}

const answerMsMax = 1000;
const attemptsMax = 4;
const pauseMs = { first: 20, most: 200 };
/** How many pages of 1 MB one read may take. */
const pagesMax = 10_000;

export class Requests {
  readonly #parts: RequestParts;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  async put(put: Put): Promise<PutOutcome> {
    const attempts = put.isRepeatable ? attemptsMax : 1;
    return this.#tried(attempts, () => this.#putOnce(put), asPutOutcome);
  }

  /** Gives the item another time to expire; returns whether it is there. */
  async expireAt(operation: string, key: ItemKey, expires: AttributeValue): Promise<boolean> {
    const { service, tableName } = this.#parts;
    const input = {
      TableName: tableName,
      Key: keyAttributes(key),
      UpdateExpression: 'SET x = :x',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':x': expires },
      ReturnConsumedCapacity: 'TOTAL',
    };
    const send = async (signal: AbortSignal): Promise<boolean> => {
      const { ConsumedCapacity: consumed } = await service.send('UpdateItem', input, { signal });
      this.#countWrite(operation, 0, consumed);
      return true;
    };
    return this.#tried(attemptsMax, () => this.#timed(send, 'UpdateItem'), unlessGone);
  }

  async get(operation: string, key: ItemKey): Promise<Item | undefined> {
    const { service, tableName } = this.#parts;
    const input = { TableName: tableName, Key: keyAttributes(key), ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' } as const;
    const send = async (signal: AbortSignal): Promise<Item | undefined> => {
      const { Item: item, ConsumedCapacity: consumed } = await service.send('GetItem', input, { signal });
      this.#countRead(operation, item === undefined ? [] : [item], consumed);
      return item;
    };
    return this.#tried(attemptsMax, () => this.#timed(send, 'GetItem'), thrown);
  }

  /** One consistent read of items in order; `more` when there may be others after the last one. */
  async query(query: Query): Promise<{ readonly items: readonly Item[]; readonly more: boolean }> {
    const { items, next } = await this.page(query);
    return { items, more: next !== undefined };
  }

  /** All items of the partition. */
  async queryAll(query: Query): Promise<readonly Item[]> {
    const all: Item[] = [];
    let rest = query;
    for (let page = 0; page < pagesMax; page += 1) {
      const { items, next } = await this.page(rest);
      for (const item of items) all.push(item);
      if (next === undefined) return all;
      rest = { ...query, from: next };
    }
    throw new RangeError(`a partition has more than ${pagesMax} pages`);
  }

  async #putOnce(put: Put): Promise<PutOutcome> {
    const { service, tableName } = this.#parts;
    const { operation, item, condition, values, signedMs } = put;
    const input = {
      TableName: tableName,
      Item: item,
      ...(condition === undefined ? {} : { ConditionExpression: condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
      ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
      ReturnConsumedCapacity: 'TOTAL',
    };
    const dated = signedMs === undefined ? {} : { signedMs };
    const send = async (signal: AbortSignal): Promise<PutOutcome> => {
      const { ConsumedCapacity: consumed } = await service.send('PutItem', input, { signal, ...dated });
      this.#countWrite(operation, itemBytes(item), consumed);
      return { outcome: 'written' };
    };
    try {
      return await this.#timed(send, 'PutItem');
    } catch (error) {
      if (!(error instanceof TroubleError) || error.trouble.type !== 'condition') throw error;
      const by = error.trouble.item ?? {};
      const bytesIn = itemBytes(by);
      this.#parts.costs.count(operation, { calls: 1, bytesOut: itemBytes(item), bytesIn, writeUnits: writeUnitsOf(bytesIn) });
      return { outcome: 'taken', by };
    }
  }

  /** What one answer holds, at most 1 MB; `next`: the key to go on from. */
  page({
    operation,
    limit,
    from,
    isBackwards,
    ...keys
  }: Query): Promise<{ readonly items: readonly Item[]; readonly next: Item | undefined }> {
    const { service, tableName } = this.#parts;
    const input = {
      TableName: tableName,
      ConsistentRead: true,
      ...keyCondition(keys),
      ReturnConsumedCapacity: 'TOTAL',
      ...(limit === undefined ? {} : { Limit: limit }),
      ...(isBackwards === true ? { ScanIndexForward: false } : {}),
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    } as const;
    const send = async (signal: AbortSignal): Promise<{ items: readonly Item[]; next: Item | undefined }> => {
      const found = await service.send('Query', input, { signal });
      const items = found.Items ?? [];
      this.#countRead(operation, items, found.ConsumedCapacity);
      return { items, next: found.LastEvaluatedKey };
    };
    return this.#tried(attemptsMax, () => this.#timed(send, 'Query'), thrown);
  }

  #countWrite(operation: string, bytesOut: number, consumed: ConsumedCapacity | undefined): void {
    const writeUnits = consumed?.CapacityUnits ?? writeUnitsOf(bytesOut);
    this.#parts.costs.count(operation, { calls: 1, bytesOut, writeUnits });
  }

  #countRead(operation: string, items: readonly Item[], consumed: ConsumedCapacity | undefined): void {
    const bytesIn = bytesOfItems(items);
    // DynamoDB Local returns 0 for nothing found; AWS takes a unit at least.
    const readUnits = Math.max(readUnitsOf(0), consumed?.CapacityUnits ?? readUnitsOf(bytesIn));
    this.#parts.costs.count(operation, { calls: 1, bytesIn, readUnits });
  }

  /** Tries again while that may help; `orElse` makes the outcome of the last trouble. */
  async #tried<T>(attempts: number, attempt: () => Promise<T>, orElse: (trouble: Trouble) => T): Promise<T> {
    for (let number = 1; ; number += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof TroubleError)) throw error;
        const { trouble } = error;
        if (trouble.type === 'refused' || trouble.type === 'condition' || number >= attempts) return orElse(trouble);
      }
      await this.#pause(number);
    }
  }

  #pause(attempt: number): Promise<void> {
    const { clock, random } = this.#parts;
    const ms = Math.min(pauseMs.most, pauseMs.first * 2 ** (attempt - 1));
    return clock.sleep(ms * (0.5 + random.next() / 2));
  }

  async #timed<T>(send: (signal: AbortSignal) => Promise<T>, name: string): Promise<T> {
    const controller = new AbortController();
    const cancel = this.#parts.clock.after(answerMsMax, () => controller.abort());
    try {
      return await send(controller.signal);
    } catch (error) {
      throw new TroubleError(troubleOf(error, name));
    } finally {
      cancel();
    }
  }
}

function keyCondition({ partition, after, between }: Pick<Query, 'partition' | 'after' | 'between'>) {
  const values = { ':pk': text(partition) };
  if (between !== undefined) {
    const [low, high] = between;
    return {
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
      ExpressionAttributeValues: { ...values, ':low': text(low), ':high': text(high) },
    };
  }
  if (after === undefined) return { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: values };
  return { KeyConditionExpression: 'pk = :pk AND sk > :after', ExpressionAttributeValues: { ...values, ':after': text(after) } };
}

/** Carries a trouble up to where it is decided what it comes to; never leaves this file. */
class TroubleError extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.type);
    this.trouble = trouble;
  }
}

function asPutOutcome(trouble: Trouble): PutOutcome {
  switch (trouble.type) {
    case 'condition':
      return { outcome: 'taken', by: trouble.item ?? {} };
    case 'refused':
      throw trouble.error;
    case 'not-now':
    case 'unanswered':
      return { outcome: 'unknown', cause: trouble.error };
  }
}

/** Throws the refusal of a request that had no condition. */
function thrown(trouble: Trouble): never {
  throw trouble.type === 'condition' ? new TypeError('a condition that was not set has failed') : trouble.error;
}

function unlessGone(trouble: Trouble): boolean {
  if (trouble.type !== 'condition') throw trouble.error;
  return false;
}
