/**
 * Doorbells that are SQS queues. A ring goes to the group's FIFO queue, where one message group has one consumer at a
 * time: that is the election of the leader. News that were rung about already, here or elsewhere, are swallowed by the
 * queue for five minutes. While one ring is on its way, later ones of the group wait and become one. Several clusters
 * share the queues: each has message groups of its own.
 */
import type { World } from '../../world.ts';
import type { Doorbell } from './doorbell.ts';
import { sqsSender } from './sqs-sender.ts';

export interface Queues {
  /** Address of each group's FIFO queue. */
  readonly groups: Readonly<Partial<Record<string, string>>>;
  /** Address of the standard queue whose messages are delivered when a deadline has come. */
  readonly deadlines?: string | undefined;
}

export interface SqsDoorbell extends Doorbell {
  /** Rings in spite of an earlier consumer of the group that may hang: as a message group of its own. */
  rescue(group: string, mark: string): void;
  /** Has the group rung after this time; not at all when that is longer than a queue can wait. */
  ringAfter(group: string, delayMs: number): void;
  /** Resolves once all that was rung so far is in the queues, or given up. Before a function is frozen, it must. */
  flush(): Promise<void>;
}

export interface SqsDoorbellOptions {
  readonly queues: Queues;
  /** Whose doorbells they are, by the beginning of its keys. */
  readonly cluster: string;
  readonly world: Pick<World, 'clock' | 'log' | 'random'>;
  /** Takes the messages; default: SQS, as the environment names it. */
  readonly send?: (message: QueueMessage) => Promise<unknown>;
}

/** A message as SQS' SendMessage takes it. */
export interface QueueMessage {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly DelaySeconds?: number;
}

/** What the body of a message holds. */
export interface Ring {
  readonly cluster: string;
  readonly group: string;
  readonly mark: string;
}

/** Source: the SQS quota DelaySeconds. */
const delaySecondsMax = 900;

interface Line {
  sending: boolean;
  next: string | undefined;
}

export function createSqsDoorbell(options: SqsDoorbellOptions): SqsDoorbell {
  const { queues, cluster, world } = options;
  const sendMessage = options.send ?? sqsSender(world);
  const lines = new Map<string, Line>();
  const underWay = new Set<Promise<void>>();

  function send(message: QueueMessage): Promise<void> {
    const sent = sendMessage(message)
      .then(() => undefined)
      .catch((error: unknown) => world.log.warn('a doorbell could not be rung', { queue: message.QueueUrl, error }))
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
    return sent;
  }

  function message(group: string, mark: string, messageGroup = group): Promise<void> {
    const QueueUrl = queues.groups[group];
    if (QueueUrl === undefined) return Promise.resolve();
    const ring: Ring = { cluster, group, mark };
    const MessageGroupId = `${cluster}/${messageGroup}`;
    return send({ QueueUrl, MessageBody: JSON.stringify(ring), MessageGroupId, MessageDeduplicationId: `${MessageGroupId}-${mark}` });
  }

  async function work(group: string, line: Line): Promise<void> {
    line.sending = true;
    while (line.next !== undefined) {
      const mark = line.next;
      line.next = undefined;
      await message(group, mark);
    }
    line.sending = false;
  }

  return {
    ring(group, mark = world.random.uuid()) {
      const line = lines.get(group) ?? { sending: false, next: undefined };
      lines.set(group, line);
      line.next = mark;
      if (!line.sending) void work(group, line);
    },
    rescue: (group, mark) => void message(group, mark, `${group}-rescue`),
    ringAfter(group, delayMs) {
      const DelaySeconds = Math.max(0, Math.ceil(delayMs / 1000));
      if (queues.deadlines === undefined || DelaySeconds > delaySecondsMax) return;
      // Processes that know nothing of each other may wait for the same deadline: one ring is enough.
      const ring: Ring = { cluster, group, mark: `deadline-${Math.ceil((world.clock.now() + delayMs) / 1000)}` };
      void send({ QueueUrl: queues.deadlines, MessageBody: JSON.stringify(ring), DelaySeconds });
    },
    async flush() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
