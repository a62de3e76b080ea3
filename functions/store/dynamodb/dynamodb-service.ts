/** DynamoDB's requests with items as this store knows them: bytes are bytes here, and base64 on the way. */
import { jsonService, type AwsAccess, type CallOptions } from '../../aws/json-service.ts';
import type { Clock } from '../../world.ts';
import type { AttributeValue, Item } from './item.ts';

export type Operation = 'DeleteItem' | 'GetItem' | 'PutItem' | 'Query' | 'UpdateItem';

/** The fields that hold items; the others are the service's to read. */
export interface Input {
  readonly TableName: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ExclusiveStartKey?: Item;
  readonly ExpressionAttributeValues?: Item;
  readonly [field: string]: unknown;
}

export interface ConsumedCapacity {
  readonly CapacityUnits?: number;
}

export interface Answer {
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
  readonly ConsumedCapacity?: ConsumedCapacity;
}

export interface DynamodbService {
  send(operation: Operation, input: Input, options?: CallOptions): Promise<Answer>;
  close(): void;
}

export function dynamodbService(access: AwsAccess, clock: Pick<Clock, 'now'>): DynamodbService {
  const service = jsonService({ ...access, service: 'dynamodb', target: 'DynamoDB_20120810', clock });
  return {
    async send(operation, input, options) {
      const answer = await service.call(operation, sentFields(input), options);
      return readFields(answer as SentAnswer);
    },
    close: () => service.close(),
  };
}

/** An attribute's value as JSON has it. */
interface SentValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
  readonly L?: readonly SentValue[];
}

type SentItem = Readonly<Record<string, SentValue>>;

interface SentAnswer extends Omit<Answer, 'Item' | 'Items' | 'LastEvaluatedKey'> {
  readonly Item?: SentItem;
  readonly Items?: readonly SentItem[];
  readonly LastEvaluatedKey?: SentItem;
}

const itemFields = ['Item', 'Key', 'ExclusiveStartKey', 'ExpressionAttributeValues'] as const;

function sentFields(input: Input): object {
  const sent: Record<string, unknown> = { ...input };
  for (const field of itemFields) {
    const item = input[field];
    if (item !== undefined) sent[field] = mapped(item, sentValue);
  }
  return sent;
}

function readFields({ Item: item, Items: items, LastEvaluatedKey: last, ...others }: SentAnswer): Answer {
  return {
    ...others,
    ...(item === undefined ? {} : { Item: readItem(item) }),
    ...(items === undefined ? {} : { Items: items.map(readItem) }),
    ...(last === undefined ? {} : { LastEvaluatedKey: readItem(last) }),
  };
}

/** The item in an answer, or in a refusal that shows the present item. */
export const readItem = (item: SentItem): Item => mapped(item, readValue);

function sentValue(value: AttributeValue): SentValue {
  if (value.B !== undefined) return { B: Buffer.from(value.B.buffer, value.B.byteOffset, value.B.byteLength).toString('base64') };
  if (value.L !== undefined) return { L: value.L.map(sentValue) };
  return value as SentValue;
}

function readValue(value: SentValue): AttributeValue {
  if (value.B !== undefined) return { B: Buffer.from(value.B, 'base64') };
  if (value.L !== undefined) return { L: value.L.map(readValue) };
  return value as AttributeValue;
}

const mapped = <T, U>(item: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, change(value)]));
