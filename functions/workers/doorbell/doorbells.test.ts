import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { createDoorbells } from './doorbells.ts';
import type { QueueMessage } from './sqs-doorbell.ts';

test('clusters share a queue and no message group, and one flush waits for all of them', async () => {
  const sent: QueueMessage[] = [];
  const waiting: (() => void)[] = [];
  const send = (message: QueueMessage): Promise<void> => {
    sent.push(message);
    return new Promise((resolve) => waiting.push(resolve));
  };
  const doorbells = createDoorbells({ queues: { groups: { scheduler: 'q' } }, world: virtualWorld(), send });
  doorbells.of('default').ring('scheduler', '1');
  doorbells.of('blue.x').ring('scheduler', '1');
  doorbells.of('blue.x').ring('scheduler', '2');
  assert.deepEqual(
    sent.map(({ MessageGroupId, MessageDeduplicationId }) => [MessageGroupId, MessageDeduplicationId]),
    [
      ['default/scheduler', 'default/scheduler-1'],
      ['blue.x/scheduler', 'blue.x/scheduler-1'],
    ],
  );
  let isFlushed = false;
  const flushed = doorbells.flush().then(() => (isFlushed = true));
  waiting[0]!();
  await new Promise(setImmediate);
  assert.equal(isFlushed, false);
  for (let round = 0; round < 3; round += 1) {
    for (const settle of waiting) settle();
    await new Promise(setImmediate);
  }
  await flushed;
  assert.equal(sent.length, 3);
});

test('a ring fits into a message whatever the cluster is called', () => {
  const sent: QueueMessage[] = [];
  const id = `${'x'.repeat(63)}.abcdef`;
  const doorbells = createDoorbells({
    queues: { groups: { materializer: 'q' } },
    world: virtualWorld(),
    send: async (message) => sent.push(message),
  });
  doorbells.of(id).ring('materializer');
  doorbells.of(id).rescue('materializer', `sweep-${2 ** 40}`);
  // Source: the limits of MessageGroupId and MessageDeduplicationId.
  for (const { MessageGroupId = '', MessageDeduplicationId = '' } of sent) {
    assert.ok(MessageGroupId.length <= 128 && MessageDeduplicationId.length <= 128, MessageDeduplicationId);
    assert.match(MessageDeduplicationId, /^[\w!"#$%&'()*+,\-./:;<=>?@[\]^`{|}~\\]+$/);
  }
});
