/**
 * The table of a first deployment that failed: it refuses to be deleted, so CloudFormation leaves it. Nothing was kept in it
 * unless its functions ran, and only an empty one is deleted.
 */
import { jsonService, ServiceError, type JsonService } from '../../functions/aws/json-service.ts';
import { realWorld, type Clock } from '../../functions/world.ts';
import type { CloudAccount } from './cloud-account.ts';
import type { CloudResource } from './cloud-resources.ts';
import type { Progress } from './progress.ts';

const answerMsMax = 30_000;
const askAgainMs = 2000;
/** A table that was changed takes seconds until it can be changed again. */
const triesMax = 30;

async function deleted(service: JsonService, table: string, clock: Clock): Promise<void> {
  await service.call('UpdateTable', { TableName: table, DeletionProtectionEnabled: false });
  for (let tries = 1; ; tries += 1) {
    try {
      await service.call('DeleteTable', { TableName: table });
      return;
    } catch (error) {
      if (!(error instanceof ServiceError) || error.name !== 'ResourceInUseException' || tries === triesMax) throw error;
      await clock.sleep(askAgainMs);
    }
  }
}

const tablesOf = ({ region, credentials }: CloudAccount, clock: Clock): JsonService =>
  jsonService({ region, credentials, service: 'dynamodb', target: 'DynamoDB_20120810', clock, answerMsMax });

/** With all that is in it, although it is protected. */
export async function deleteTable(account: CloudAccount, table: string): Promise<void> {
  const { clock } = realWorld('error');
  const service = tablesOf(account, clock);
  try {
    await deleted(service, table, clock);
  } finally {
    service.close();
  }
}

/** A table that cannot be deleted costs nothing and stands in no way, so a refusal ends nothing. */
export async function deleteLeftTable(account: CloudAccount, resources: readonly CloudResource[], progress: Progress): Promise<void> {
  const table = resources.find(({ type }) => type === 'AWS::DynamoDB::GlobalTable')?.id ?? '';
  if (table === '') return;
  const { clock } = realWorld('error');
  const service = tablesOf(account, clock);
  try {
    const { Items = [] } = (await service.call('Scan', { TableName: table, Limit: 1, ConsistentRead: true })) as {
      Items?: readonly unknown[];
    };
    if (Items.length > 0) progress.note(`The table ${table} of the failed deployment is not empty and stays.`);
    else await deleted(service, table, clock);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.name !== 'ResourceNotFoundException') progress.note(`The table ${table} of the failed deployment stays: ${error.message}`);
  } finally {
    service.close();
  }
}
