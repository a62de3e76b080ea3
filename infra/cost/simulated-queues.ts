/**
 * SQS, simulated: queues that wake functions as Lambda's event sources do, and count what each message would cost. FIFO
 * queues swallow what they heard before and give one message group to one consumer at a time.
 */
import type { QueueEvent } from '../../functions/lambda/event-sources.ts';
import type { QueueMessage } from '../../functions/workers/doorbell/sqs-doorbell.ts';
import type { Clock } from '../../functions/world.ts';
import type { FunctionName, Meter } from './usage.ts';

/** Thrown by a consumer that ended without a word. */
export class Killed extends Error {
  override name = 'Killed';
}

export interface Consumer {
  readonly name: FunctionName;
  consume(event: QueueEvent): Promise<void>;
}

export interface SimulatedQueuesOptions {
  readonly clock: Clock;
  readonly meter: Meter;
  /** Consumers by the queue's address. */
  readonly consumers: ReadonlyMap<string, Consumer>;
}

/** Sends the messages that the function of this name puts into its queues. */
export type SenderOf = (name: FunctionName) => (message: QueueMessage) => Promise<void>;

/** Round trip of a message to its queue, and its way from there to the function. */
const sendMs = 10;
const deliveryMs = 20;
/** Source: SQS developer guide, "Exactly-once processing". */
const swallowMs = 5 * 60_000;
const batchMax = 10;
/** What was not deleted is there again after this. Source: the time-out of the queues in infra/aws. */
const visibilityMs = 65_000;

interface Line {
  readonly waiting: QueueMessage[];
  isBusy: boolean;
}

export function createSimulatedQueues({ clock, meter, consumers }: SimulatedQueuesOptions): SenderOf {
  const heardMs = new Map<string, number>();
  const lines = new Map<string, Line>();
  let delivered = 0;

  /** A batch is received and deleted; both are requests. */
  async function deliver(messages: readonly QueueMessage[], requests: 'fifoRequests' | 'standardRequests'): Promise<void> {
    const consumer = consumers.get(messages[0]?.QueueUrl ?? '');
    if (consumer === undefined) return;
    meter.add(consumer.name, { [requests]: 2 });
    await consumer.consume({
      Records: messages.map(({ MessageBody }) => {
        delivered += 1;
        return { messageId: String(delivered), body: MessageBody };
      }),
    });
  }

  async function drain(line: Line): Promise<void> {
    line.isBusy = true;
    while (line.waiting.length > 0) {
      await clock.sleep(deliveryMs);
      await deliverAlive(line.waiting.splice(0, batchMax));
    }
    line.isBusy = false;
  }

  /** A consumer that was killed gets the messages again, and its message group gets nothing else before. */
  async function deliverAlive(messages: readonly QueueMessage[]): Promise<void> {
    for (;;) {
      try {
        return await deliver(messages, 'fifoRequests');
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        await clock.sleep(visibilityMs);
      }
    }
  }

  function putInLine(message: QueueMessage, group: string): void {
    const mark = `${message.QueueUrl} ${message.MessageDeduplicationId}`;
    const before = heardMs.get(mark);
    if (before !== undefined && clock.now() - before < swallowMs) return;
    heardMs.set(mark, clock.now());
    const place = `${message.QueueUrl} ${group}`;
    const line = lines.get(place) ?? { waiting: [], isBusy: false };
    lines.set(place, line);
    line.waiting.push(message);
    if (!line.isBusy) void drain(line);
  }

  return (name) => async (message) => {
    await clock.sleep(sendMs);
    const { MessageGroupId: group, DelaySeconds = 0 } = message;
    meter.add(name, group === undefined ? { standardRequests: 1 } : { fifoRequests: 1 });
    if (group !== undefined) return putInLine(message, group);
    clock.after(DelaySeconds * 1000 + deliveryMs, () => void deliver([message], 'standardRequests'));
  };
}
