/**
 * What wakes a function, with its limits. No call is tried for ever: what fails again and again goes to the dead
 * letters. So no record and no message stands in the way of the next.
 */
import { Duration } from 'aws-cdk-lib';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition, type Function as EventFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Trigger } from '../../functions/manifest.ts';
import { entryAttribute } from '../../functions/store/dynamodb/cluster-keys.ts';
import { mayInvoke } from './cluster-function.ts';
import { asDestination, maySend, type Queues } from './queues.ts';

export interface WakeProps {
  readonly trigger: Trigger;
  readonly table: ITableV2;
  readonly queues: Queues;
  /** Instances of each function at one time; undefined: the deployment sets no limit. */
  readonly concurrency: number | undefined;
}

/** A cluster's group of workers has one consumer, and one that comes to its rescue. Source: two is also the least that SQS allows. */
const consumersMin = 2;
const consumersDefault = 10;
const messagesMax = 10;
/** A hundred without waiting is Lambda's own default for streams. */
const recordsMax = 100;
const attemptsMax = 5;
/** Older news has been rung by the timer. */
const recordLife = Duration.hours(1);
const tickAttemptsMax = 2;
const secondsInMinute = 60;

export function wake(scope: Construct, woken: EventFunction, props: WakeProps): void {
  const { trigger, queues, concurrency = consumersDefault } = props;
  const consumersMax = Math.max(consumersMin, concurrency);
  switch (trigger.kind) {
    case 'https':
      return;
    case 'doorbell':
      return byQueue(woken, queues.queueOf(trigger.group), consumersMax);
    case 'deadline':
      if (queues.deadlines === undefined) throw new Error('there is no queue for deadlines');
      return byQueue(woken, queues.deadlines, consumersMin);
    case 'stream':
      return byStream(scope, woken, props);
    case 'schedule':
      return bySchedule(scope, woken, { everySeconds: trigger.everySeconds, deadLetters: queues.deadLetters });
  }
}

function byQueue(woken: EventFunction, queue: Queue, consumersMax: number): void {
  woken.addEventSource(new SqsEventSource(queue, { batchSize: messagesMax, maxConcurrency: consumersMax, reportBatchItemFailures: true }));
}

function byStream(scope: Construct, woken: EventFunction, { table, queues }: WakeProps): void {
  const streamArn = table.tableStreamArn;
  if (streamArn === undefined) throw new Error('the table has no stream');
  woken.addToRolePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      resources: [streamArn],
    }),
  );
  woken.addToRolePolicy(maySend(queues.deadLetters));
  new EventSourceMapping(scope, 'Stream', {
    target: woken,
    eventSourceArn: streamArn,
    startingPosition: StartingPosition.LATEST,
    batchSize: recordsMax,
    bisectBatchOnError: true,
    retryAttempts: attemptsMax,
    maxRecordAge: recordLife,
    reportBatchItemFailures: true,
    onFailure: asDestination(queues.deadLetters),
    // Only what was appended to a log, whichever cluster's.
    filters: [
      FilterCriteria.filter({
        eventName: FilterRule.isEqual('INSERT'),
        dynamodb: { NewImage: { [entryAttribute]: { S: FilterRule.exists() } } },
      }),
    ],
  });
}

function bySchedule(
  scope: Construct,
  woken: EventFunction,
  { everySeconds, deadLetters }: { everySeconds: number; deadLetters: Queue },
): void {
  if (everySeconds % secondsInMinute !== 0) throw new Error('a schedule goes by the minute');
  const minutes = everySeconds / secondsInMinute;
  const role = new Role(scope, 'ScheduleRole', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
  role.addToPolicy(mayInvoke(woken));
  role.addToPolicy(maySend(deadLetters));
  const schedule = new CfnSchedule(scope, 'Schedule', {
    description: 'Notices deadlines, and workers that do not answer',
    scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: woken.functionArn,
      roleArn: role.roleArn,
      input: '{}',
      deadLetterConfig: { arn: deadLetters.queueArn },
      retryPolicy: { maximumEventAgeInSeconds: everySeconds, maximumRetryAttempts: tickAttemptsMax },
    },
  });
  schedule.node.addDependency(role);
}
