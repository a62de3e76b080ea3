/**
 * The shape of the DynamoDB table, as data: what creates tables (infrastructure code, tests) reads it here, and so does
 * what uses them. Part of the format: a table of another shape is another table.
 */
import { firstFormat } from '../format.ts';

export const tableSchema = {
  partitionKey: { name: 'pk', type: 'S' },
  /** A text for all kinds of items, so an entry's number is written with leading zeros. */
  sortKey: { name: 'sk', type: 'S' },
  /** Seconds since the epoch. */
  timeToLiveAttribute: 'x',
  /** A doorbell only: the log's order is in the items. */
  streamViewType: 'NEW_IMAGE',
  billingMode: 'PAY_PER_REQUEST',
} as const;

/** What a table records of its format. The first one was counted apart from other tables' formats. */
const firstName = 'hibernetes store 2';
const namePattern = /^hibernetes store (\d+)$/;

export const nameOfFormat = (format: number): string => (format === firstFormat ? firstName : `hibernetes store ${format}`);

/** Undefined: it is none. */
export function formatNamed(name: string): number | undefined {
  if (name === firstName) return firstFormat;
  const digits = namePattern.exec(name)?.[1];
  return digits === undefined || Number(digits) === firstFormat ? undefined : Number(digits);
}

/** What asks the service for a table of this shape; the time to live is turned on by another request. */
export const tableCreation = (tableName: string) => {
  const { partitionKey, sortKey, streamViewType, billingMode } = tableSchema;
  const attributes = [partitionKey, sortKey].map(({ name, type }) => ({ AttributeName: name, AttributeType: type }));
  return {
    TableName: tableName,
    AttributeDefinitions: attributes,
    KeySchema: [
      { AttributeName: partitionKey.name, KeyType: 'HASH' as const },
      { AttributeName: sortKey.name, KeyType: 'RANGE' as const },
    ],
    BillingMode: billingMode,
    StreamSpecification: { StreamEnabled: true, StreamViewType: streamViewType },
  };
};
