/**
 * The table's time to live, as far as mailboxes go: DynamoDB deletes their entries after they expired, the emulator does not.
 * Other items that expire stay: a cluster on this machine may have stood still for longer than they live, and needs them then.
 */
import { mailPartition } from '../../../functions/store/dynamodb/item.ts';
import { tableSchema } from '../../../functions/store/dynamodb/table-schema.ts';
import type { World } from '../../../functions/world.ts';
import { awsJson, dynamodbAt } from './aws-json.ts';

interface Attribute {
  readonly S?: string;
  readonly N?: string;
}

interface Page {
  readonly Items?: readonly Readonly<Record<string, Attribute>>[];
  readonly LastEvaluatedKey?: Readonly<Record<string, Attribute>>;
}

export interface MailTable {
  readonly endpoint: string;
  readonly tableName: string;
}

/** AWS promises a few days, and often takes minutes. */
const everyMs = 15 * 60_000;
const pagesMax = 10_000;
const { partitionKey, sortKey, timeToLiveAttribute } = tableSchema;
/** The beginning of the mail partitions of every cluster. */
const ofMail = mailPartition('', '');
const names = { '#p': partitionKey.name, '#s': sortKey.name, '#x': timeToLiveAttribute };

/** Deletes what has expired by now. Returns how many. */
export async function removeExpiredMail({ endpoint, tableName }: MailTable, nowMs: number): Promise<number> {
  const service = dynamodbAt(endpoint);
  const now = { N: String(Math.floor(nowMs / 1000)) };
  let removed = 0;
  let from: Page['LastEvaluatedKey'];
  for (let page = 0; page < pagesMax; page += 1) {
    const { Items = [], LastEvaluatedKey } = await awsJson<Page>(service, 'Scan', {
      TableName: tableName,
      FilterExpression: 'contains(#p, :mail) AND #x < :now',
      ProjectionExpression: '#p, #s',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ':mail': { S: ofMail }, ':now': now },
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    });
    for (const Key of Items) {
      await awsJson(service, 'DeleteItem', { TableName: tableName, Key });
      removed += 1;
    }
    if (LastEvaluatedKey === undefined) return removed;
    from = LastEvaluatedKey;
  }
  return removed;
}

/** Returns how to stop it. */
export function startExpiry(table: MailTable, { clock, log }: Pick<World, 'clock' | 'log'>): () => void {
  let cancel = clock.after(everyMs, sweep);
  let isStopped = false;
  function sweep(): void {
    removeExpiredMail(table, clock.now())
      .catch((error: unknown) => {
        if (!isStopped) log.warn('expired mail could not be removed', { error });
      })
      .finally(() => {
        if (!isStopped) cancel = clock.after(everyMs, sweep);
      });
  }
  return () => {
    isStopped = true;
    cancel();
  };
}
