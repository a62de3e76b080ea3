/** What an operator should know of. Each alarm names the section of the runbook that holds the cure. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Operation, ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as EventFunction } from 'aws-cdk-lib/aws-lambda';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { metricNamespace, setAsideMetric, tableDimension, watermarkMetric } from '../../functions/lambda/metrics.ts';
import type { ControlPlane } from './control-plane.ts';
import { capitalised } from './capitalised.ts';

interface AlarmSpec {
  /** Also the end of the alarm's place in the tree of constructs. */
  readonly id: string;
  readonly text: string;
  /** The anchor of a heading in infra/runbook.md. */
  readonly section: string;
  readonly metric: IMetric;
  /** The alarm rings above this value … */
  readonly threshold: number;
  /** … in so many periods one after the other. */
  readonly periods: number;
}

const minute = Duration.minutes(1);
const minutes5 = Duration.minutes(5);
/** The stream is late by a quarter of a second as a rule. */
const streamLateMsMax = 60_000;
/** A ring is answered at once; a run takes a minute at most. */
const ringWaitsSecondsMax = 300;
const failuresInMinutesMax = 5;
/** Twice as late as it ever is when all is well; writes are refused at an hour. */
const watermarkLateSecondsMax = 20 * 60;
const minutes10 = Duration.minutes(10);
/** Longer than until an object that is set aside is tried again: the alarm stays while the cause does. */
const minutes20 = Duration.minutes(20);

/** The latest of all clusters. The functions send this metric only while the watermark is late. */
export const watermarkLateness = (table: ITableV2, period: Duration): IMetric =>
  new Metric({
    namespace: metricNamespace,
    metricName: watermarkMetric,
    dimensionsMap: { [tableDimension]: table.tableName },
    statistic: Stats.MAXIMUM,
    period,
  });

/** The sum over all clusters. The functions send this metric only when a controller sets something aside. */
const setAside = (table: ITableV2, period: Duration): IMetric =>
  new Metric({
    namespace: metricNamespace,
    metricName: setAsideMetric,
    dimensionsMap: { [tableDimension]: table.tableName },
    statistic: Stats.SUM,
    period,
  });

export function createAlarms(scope: Construct, topic: Topic, specs: readonly AlarmSpec[]): readonly Alarm[] {
  return specs.map(({ id, text, section, metric, threshold, periods }) => {
    const alarm = new Alarm(scope, id, {
      alarmDescription: `${text} What to do: infra/runbook.md#${section}`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      // A control plane that sleeps sends no metrics, and that is well.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.applyRemovalPolicy(RemovalPolicy.DESTROY);
    alarm.addAlarmAction(new SnsAction(topic));
    return alarm;
  });
}

export function controlPlaneAlarms({ queues, functions, endpoint }: ControlPlane, table: ITableV2): readonly AlarmSpec[] {
  const late = functions.get('doorbell');
  return [
    ...[queues.deadLetters, queues.fifoDeadLetters].map((queue, index) => ({
      id: index === 0 ? 'DeadLetters' : 'FifoDeadLetters',
      text: 'Messages could not be handled and were put aside.',
      section: 'dead-letters',
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: Stats.MAXIMUM }),
      threshold: 0,
      periods: 1,
    })),
    ...[...queues.groups].map(([group, queue]) => ({
      id: `${capitalised(group)}Waits`,
      text: `No function answers the doorbell of the ${group}.`,
      section: 'no-function-answers-a-doorbell',
      metric: queue.metricApproximateAgeOfOldestMessage({ period: minute, statistic: Stats.MAXIMUM }),
      threshold: ringWaitsSecondsMax,
      periods: 3,
    })),
    ...(late === undefined ? [] : [streamIsLate(late)]),
    {
      id: 'WatermarkLate',
      text: 'The state of a cluster is not written down: its watermark stays behind the log.',
      section: 'the-watermark-is-late',
      metric: watermarkLateness(table, minutes10),
      threshold: watermarkLateSecondsMax,
      // Housekeeping may fail once.
      periods: 2,
    },
    {
      id: 'SetAside',
      text: 'A controller has set an object aside that it fails on each time.',
      section: 'something-is-set-aside',
      metric: setAside(table, minutes20),
      threshold: 0,
      periods: 1,
    },
    ...[...functions].flatMap(([name, made]) => functionAlarms(name, made)),
    {
      id: 'ApiFails',
      text: 'The API answers with 5xx.',
      section: 'the-api-fails',
      metric: endpoint.failures,
      threshold: failuresInMinutesMax,
      periods: 3,
    },
  ];
}

const streamIsLate = (doorbell: EventFunction): AlarmSpec => ({
  id: 'StreamLate',
  text: 'The stream of the table reaches the doorbell late.',
  section: 'the-stream-is-late',
  metric: doorbell.metric('IteratorAge', { period: minute, statistic: Stats.MAXIMUM }),
  threshold: streamLateMsMax,
  periods: 5,
});

const functionAlarms = (name: string, made: EventFunction): readonly AlarmSpec[] => [
  {
    id: `${capitalised(name)}Errors`,
    text: `The function ${name} fails.`,
    section: 'a-function-fails',
    metric: made.metricErrors({ period: minutes5 }),
    threshold: 0,
    periods: 2,
  },
  {
    id: `${capitalised(name)}Throttles`,
    text: `The function ${name} is wanted more often than it may run.`,
    section: 'a-function-is-throttled',
    metric: made.metricThrottles({ period: minutes5 }),
    threshold: 0,
    periods: 2,
  },
];

/** What the store asks of the table. */
const tableOperations = ['PutItem', 'UpdateItem', 'GetItem', 'Query'] as readonly Operation[];

export const tableAlarms = (table: ITableV2): readonly AlarmSpec[] => [
  {
    id: 'TableThrottles',
    text: 'The table refuses requests because there are too many.',
    section: 'the-table-is-throttled',
    metric: table.metricThrottledRequestsForOperations({ operations: [...tableOperations], period: minute }),
    threshold: 0,
    periods: 3,
  },
];
