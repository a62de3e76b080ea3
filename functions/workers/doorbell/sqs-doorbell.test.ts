import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { createSqsDoorbell, type QueueMessage } from './sqs-doorbell.ts';

/** A client whose answers wait until they are let go. */
function doorbell({ fails = false } = {}) {
  const sent: object[] = [];
  const waiting: (() => void)[] = [];
  const send = async (message: QueueMessage): Promise<void> => {
    sent.push(message);
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (fails) throw new Error('no queue');
  };
  const world = virtualWorld();
  const queues = { groups: { controllers: 'https://q/controllers.fifo' }, deadlines: 'https://q/deadlines' };
  const bell = createSqsDoorbell({ queues, cluster: 'blue.x', world, send });
  return { bell, sent, world, answer: () => waiting.splice(0).forEach((resolve) => resolve()) };
}

const ring = (mark: string, group = 'controllers') => ({
  QueueUrl: 'https://q/controllers.fifo',
  MessageBody: `{"cluster":"blue.x","group":"controllers","mark":"${mark}"}`,
  MessageGroupId: `blue.x/${group}`,
  MessageDeduplicationId: `blue.x/${group}-${mark}`,
});

test('a ring goes to the group’s queue in its cluster’s name, marked so that the same news ring once', () => {
  const { bell, sent } = doorbell();
  bell.ring('controllers', '17');
  assert.deepEqual(sent, [ring('17')]);
});

test('while a ring is on its way, later ones become one, with the newest mark', async () => {
  const { bell, sent, answer } = doorbell();
  for (const mark of ['1', '2', '3', '4']) bell.ring('controllers', mark);
  const flushed = bell.flush();
  answer();
  await new Promise(setImmediate);
  answer();
  await flushed;
  assert.deepEqual(sent, [ring('1'), ring('4')]);
});

test('a rescue is a message group of its own', () => {
  const { bell, sent } = doorbell();
  bell.rescue('controllers', '5');
  assert.deepEqual(sent, [ring('5', 'controllers-rescue')]);
});

test('a deadline waits in the other queue, unless it is too far away for one', () => {
  const { bell, sent } = doorbell();
  bell.ringAfter('controllers', 1_500);
  bell.ringAfter('controllers', 901_000);
  const MessageBody = '{"cluster":"blue.x","group":"controllers","mark":"deadline-1767225602"}';
  assert.deepEqual(sent, [{ QueueUrl: 'https://q/deadlines', MessageBody, DelaySeconds: 2 }]);
});

test('a queue that fails harms no other group, and a group without one is silent', async () => {
  const { bell, sent, answer } = doorbell({ fails: true });
  bell.ring('scheduler', '1');
  bell.ring('controllers', '1');
  const flushed = bell.flush();
  answer();
  await flushed;
  assert.equal(sent.length, 1);
});
