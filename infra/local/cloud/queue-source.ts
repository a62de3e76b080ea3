/**
 * Brings a queue's messages to a function, as Lambda's event source mapping does: batches of at most ten, one message group's
 * after the other, deleted only when the function has not complained. What failed comes again after the queue's
 * visibility time-out.
 */
import type { BatchAnswer } from '../../../functions/lambda/event-sources.ts';
import type { World } from '../../../functions/world.ts';
import { awsJson, sqsAt, type AwsService } from './aws-json.ts';
import type { EventFunction } from './event-function.ts';
import type { Faults } from './faults.ts';

export interface QueueSourceOptions {
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly target: EventFunction;
  readonly faults: Faults;
  readonly world: World;
}

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
}

const batchMax = 10;
const waitSeconds = 10;
const failureMs = 500;

/** Returns how to stop it. */
export function startQueueSource(options: QueueSourceOptions): () => void {
  const { endpoint, queueUrl, target, faults, world } = options;
  const service: AwsService = sqsAt(endpoint);
  const ending = new AbortController();

  async function deliver(messages: readonly Message[]): Promise<void> {
    const event = {
      Records: messages.map(({ MessageId, Body, Attributes }) => ({ messageId: MessageId, body: Body, attributes: Attributes })),
    };
    const { outcome, ...rest } = await target.invoke(event);
    if (outcome === 'failed') return;
    if (faults.duplicates === true) await target.invoke(event);
    const failed = new Set(
      ((rest as { answer?: BatchAnswer }).answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier),
    );
    for (const { MessageId, ReceiptHandle } of messages) {
      if (!failed.has(MessageId)) await awsJson(service, 'DeleteMessage', { QueueUrl: queueUrl, ReceiptHandle });
    }
  }

  async function poll(): Promise<void> {
    const { Messages = [] } = await awsJson<{ readonly Messages?: readonly Message[] }>(
      service,
      'ReceiveMessage',
      { QueueUrl: queueUrl, MaxNumberOfMessages: batchMax, WaitTimeSeconds: waitSeconds, AttributeNames: ['All'] },
      ending.signal,
    );
    for (const group of Map.groupBy(Messages, ({ Attributes }) => Attributes?.['MessageGroupId']).values()) {
      // The queue gives out nothing else of this group meanwhile, but maybe of another.
      deliver(group).catch((error: unknown) => world.log.warn('messages could not be delivered', { queueUrl, error }));
    }
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await poll();
      } catch (error) {
        if (ending.signal.aborted) return;
        world.log.warn('the queue could not be read', { queueUrl, error });
        await world.clock.sleep(failureMs);
      }
    }
  }
  void run();
  return () => ending.abort();
}
