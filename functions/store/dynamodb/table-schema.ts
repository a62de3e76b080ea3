/**
 * The shape of the DynamoDB table, as data: what creates tables (infrastructure code, tests) reads it here, and so does
 * what uses them. Part of the format: a table of another shape is another table.
 */
export const tableSchema = {
  partitionKey: { name: 'pk', type: 'S' },
  /** A text for all kinds of items, so a slot's number is written with leading zeros. */
  sortKey: { name: 'sk', type: 'S' },
  /** Seconds since the epoch. */
  timeToLiveAttribute: 'x',
  /** A doorbell only: the log's order is in the items. */
  streamViewType: 'NEW_IMAGE',
  billingMode: 'PAY_PER_REQUEST',
} as const;

/** Changes when an older version could not read what this one writes. */
export const tableFormat = 'hibernetes store 1';
