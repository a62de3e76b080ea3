import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueueMessage } from '../../functions/workers/doorbell/sqs-doorbell.ts';
import { createSimulatedQueues, type Consumer, type SenderOf } from './simulated-queues.ts';
import { simulatedWorld, type SimulatedWorld } from './simulated-world.ts';
import { Meter, nothing } from './usage.ts';

interface Given {
  readonly world: SimulatedWorld;
  readonly meter: Meter;
  readonly send: ReturnType<SenderOf>;
  /** The bodies of each batch, in order. */
  readonly batches: string[][];
}

/** A consumer that works for a second. */
function given(): Given {
  const world = simulatedWorld();
  const meter = new Meter();
  const batches: string[][] = [];
  const consumer: Consumer = {
    name: 'controllers',
    async consume({ Records }) {
      batches.push(Records.map(({ body }) => body));
      await world.clock.sleep(1000);
    },
  };
  const consumers = new Map([
    ['fifo', consumer],
    ['standard', consumer],
  ]);
  return { world, meter, batches, send: createSimulatedQueues({ clock: world.clock, meter, consumers })('api') };
}

const ring = (mark: string): QueueMessage => ({
  QueueUrl: 'fifo',
  MessageBody: mark,
  MessageGroupId: 'group',
  MessageDeduplicationId: mark,
});

test('a message group has one consumer at a time; what waits meanwhile comes as one batch', async () => {
  const { world, meter, send, batches } = given();
  for (const mark of ['1', '2', '3']) {
    await world.until(send(ring(mark)));
    await world.pass(100);
  }
  await world.pass(5000);
  assert.deepEqual(batches, [['1'], ['2', '3']]);
  assert.deepEqual(meter.read().api, { ...nothing, fifoRequests: 3 });
  assert.deepEqual(meter.read().controllers, { ...nothing, fifoRequests: 4 });
});

test('what was heard before is swallowed for five minutes, and costs a request all the same', async () => {
  const { world, meter, send, batches } = given();
  await world.until(send(ring('1')));
  await world.pass(60_000);
  await world.until(send(ring('1')));
  await world.pass(300_000);
  await world.until(send(ring('1')));
  await world.pass(60_000);
  assert.deepEqual(batches, [['1'], ['1']]);
  assert.equal(meter.read().api.fifoRequests, 3);
});

test('a message of a standard queue waits for its time', async () => {
  const { world, meter, send, batches } = given();
  await world.until(send({ QueueUrl: 'standard', MessageBody: 'late', DelaySeconds: 40 }));
  await world.pass(39_000);
  assert.deepEqual(batches, []);
  await world.pass(2000);
  assert.deepEqual(batches, [['late']]);
  assert.equal(meter.read().controllers.standardRequests, 2);
});
