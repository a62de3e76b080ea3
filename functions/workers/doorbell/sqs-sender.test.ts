import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, startScriptedDynamodb, type ServiceAnswer } from '../../../test/support/scripted-dynamodb.ts';
import { realWorld } from '../../world.ts';
import { sqsSender } from './sqs-sender.ts';

const message = {
  QueueUrl: 'https://q/controllers.fifo',
  MessageBody: '{}',
  MessageGroupId: 'controllers',
  MessageDeduplicationId: 'controllers-1',
};
const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };

/** What sending comes to, and after how many requests. */
async function sent(answers: readonly ServiceAnswer[]): Promise<readonly [string, number]> {
  const scripted = await startScriptedDynamodb(() => answers[Math.min(scripted.requests.length, answers.length) - 1]);
  try {
    const send = sqsSender(realWorld('error'), { region: 'eu-west-1', endpoint: scripted.endpoint, credentials });
    const outcome = await send(message).then(
      () => 'sent',
      (error: unknown) => (error as Error).name,
    );
    assert.ok(scripted.requests.every(({ headers }) => headers['x-amz-target'] === 'AmazonSQS.SendMessage'));
    return [outcome, scripted.requests.length];
  } finally {
    scripted.stop();
  }
}

const accepted: ServiceAnswer = { body: { MessageId: '1' } };
const failed = refusal('InternalFailure', 'it failed', 500);
const busy = refusal('KMS.ThrottlingException', 'too much');

test('a message is sent once when it is taken', async () => {
  assert.deepEqual(await sent([accepted]), ['sent', 1]);
});

test('a service that fails or is busy is asked again, three times at most', async () => {
  assert.deepEqual(await sent([failed, busy, accepted]), ['sent', 3]);
  assert.deepEqual(await sent([failed]), ['InternalFailure', 3]);
});

test('a message that is refused is not sent again', async () => {
  assert.deepEqual(await sent([refusal('QueueDoesNotExist', 'no queue')]), ['QueueDoesNotExist', 1]);
});
