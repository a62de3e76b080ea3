/** What AWS counted of a stack since a moment, by CloudWatch, which is late by a minute or two. */
import type { CloudAccount } from '../cloud-account.ts';
import { CloudError, membersAt, textAt } from '../cloud-request.ts';
import type { CloudResource } from '../cloud-resources.ts';
import { manifest } from '../../../functions/manifest.ts';
import type { CountedUse } from './proof.ts';

const mibInGb = 1024;
const msInSecond = 1000;
const periodSeconds = 60;

interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimension: string;
  readonly of: string;
}

/** Undefined: nothing was counted. */
async function sumOf(account: CloudAccount, { namespace, name, dimension, of }: Metric, sinceMs: number): Promise<number | undefined> {
  const answer = await account.query('monitoring', 'GetMetricStatistics', {
    Namespace: namespace,
    MetricName: name,
    'Dimensions.member.1.Name': dimension,
    'Dimensions.member.1.Value': of,
    StartTime: new Date(sinceMs - (sinceMs % (periodSeconds * msInSecond))).toISOString(),
    EndTime: new Date(Date.now() + periodSeconds * msInSecond).toISOString(),
    Period: String(periodSeconds),
    'Statistics.member.1': 'Sum',
  });
  const points = membersAt(answer, 'Datapoints');
  return points.length === 0 ? undefined : points.reduce((sum, point) => sum + Number(textAt(point, 'Sum')), 0);
}

const together = (counts: readonly (number | undefined)[]): number | undefined =>
  counts.every((count) => count === undefined) ? undefined : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);

/** A Web Function has metrics of its own, and no price that is published. */
const isFunction = ({ type, name }: CloudResource): boolean => type === 'AWS::Lambda::Function' && name.startsWith('ControlPlane');

const memoryGbOf = ({ name }: CloudResource): number =>
  (manifest.find((spec) => name.toLowerCase().startsWith(`controlplane${spec.name}`))?.memoryMiB ?? 0) / mibInGb;

export async function countedUse(account: CloudAccount, resources: readonly CloudResource[], sinceMs: number): Promise<CountedUse> {
  const functions = resources.filter(isFunction);
  const table = resources.find(({ type }) => type === 'AWS::DynamoDB::GlobalTable')?.id ?? '';
  const ofFunctions = (name: string): Promise<(number | undefined)[]> =>
    Promise.all(functions.map(({ id }) => sumOf(account, { namespace: 'AWS/Lambda', name, dimension: 'FunctionName', of: id }, sinceMs)));
  const ofTable = (name: string): Promise<number | undefined> =>
    sumOf(account, { namespace: 'AWS/DynamoDB', name, dimension: 'TableName', of: table }, sinceMs);
  try {
    const durations = await ofFunctions('Duration');
    const gbSeconds = durations.map((ms, index) => {
      const made = functions[index];
      return ms === undefined || made === undefined ? undefined : (ms / msInSecond) * memoryGbOf(made);
    });
    return {
      invocations: together(await ofFunctions('Invocations')),
      gbSeconds: together(gbSeconds),
      writeUnits: await ofTable('ConsumedWriteCapacityUnits'),
      readUnits: await ofTable('ConsumedReadCapacityUnits'),
    };
  } catch (error) {
    // Counting needs a right of its own, cloudwatch:GetMetricStatistics, without which all else can be proven.
    if (!(error instanceof CloudError)) throw error;
    return { invocations: undefined, gbSeconds: undefined, writeUnits: undefined, readUnits: undefined };
  }
}
