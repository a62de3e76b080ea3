/**
 * The queues. Each worker group has one of its own, FIFO: a message group (a cluster's) has one consumer at a time,
 * which is the election of the leader. A message that cannot be delivered goes to the dead letters and raises an alarm;
 * those behind it are delivered.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, RedrivePermission, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionSpec, WorkerGroupName } from '../../functions/manifest.ts';
import { capitalised } from './capitalised.ts';

export interface QueuesProps {
  readonly functions: readonly FunctionSpec[];
  readonly key: Key | undefined;
}

/** Deliveries of one message before it goes aside. */
const deliveriesMax = 3;
/** A ring that waited longer has been rung again by the timer many times over. */
const ringLife = Duration.hours(1);
const deadLetterLife = Duration.days(14);
/** Between a function's time-out and the next delivery: a crash holds its message group no longer than need be. */
const visibilityMargin = Duration.seconds(5);

export class Queues extends Construct {
  readonly deadLetters: Queue;
  readonly fifoDeadLetters: Queue;
  readonly groups: ReadonlyMap<WorkerGroupName, Queue>;
  /** Messages that wait for a deadline. */
  readonly deadlines: Queue | undefined;

  constructor(scope: Construct, id: string, { functions, key }: QueuesProps) {
    super(scope, id);
    const common: QueueProps = {
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
      encryption: key === undefined ? QueueEncryption.SQS_MANAGED : QueueEncryption.KMS,
      encryptionMasterKey: key,
    };
    const aside: QueueProps = { ...common, retentionPeriod: deadLetterLife };
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...aside,
      redriveAllowPolicy: { redrivePermission: RedrivePermission.ALLOW_ALL },
    });
    this.fifoDeadLetters = new Queue(this, 'FifoDeadLetters', { ...aside, fifo: true });

    const groups = new Map<WorkerGroupName, Queue>();
    let deadlines: Queue | undefined;
    for (const spec of functions) {
      const waits: QueueProps = {
        ...common,
        retentionPeriod: ringLife,
        visibilityTimeout: Duration.seconds(spec.timeoutSeconds).plus(visibilityMargin),
      };
      for (const trigger of spec.triggers) {
        if (trigger.kind === 'doorbell') {
          const deadLetterQueue = { queue: this.fifoDeadLetters, maxReceiveCount: deliveriesMax };
          groups.set(trigger.group, new Queue(this, capitalised(trigger.group), { ...waits, fifo: true, deadLetterQueue }));
        }
        if (trigger.kind === 'deadline') {
          deadlines = new Queue(this, 'Deadlines', {
            ...waits,
            deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: deliveriesMax },
          });
        }
      }
    }
    this.groups = groups;
    this.deadlines = deadlines;
  }

  queueOf(group: WorkerGroupName): Queue {
    const queue = this.groups.get(group);
    if (queue === undefined) throw new Error(`no function listens to the doorbell of ${group}`);
    return queue;
  }
}

/** Where failures go. CDK's own destinations grant more than `maySend`: the sender’s role gets only that. */
export const asDestination = (queue: Queue): { bind(): { readonly destination: string } } => ({
  bind: () => ({ destination: queue.queueArn }),
});

export const maySend = (...queues: readonly Queue[]): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: ['sqs:SendMessage'], resources: queues.map(({ queueArn }) => queueArn) });
