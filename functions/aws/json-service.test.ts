/** What is sent, and what the answers come to. `sdk-requests.test.ts` and `sdk-answers.test.ts` hold both against the SDK. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { refusal, startScriptedDynamodb, type ServiceAnswer } from '../../test/support/scripted-dynamodb.ts';
import { jsonService, ServiceError, type JsonService } from './json-service.ts';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const credentials = { accessKeyId: 'the-key', secretAccessKey: 'the-secret', sessionToken: 'the-session' };

type Scripted = Awaited<ReturnType<typeof startScriptedDynamodb>>;

async function withService(
  answer: ServiceAnswer | undefined,
  body: (service: JsonService, scripted: Scripted) => Promise<void>,
): Promise<void> {
  const scripted = await startScriptedDynamodb(() => answer);
  const place = { region: 'eu-west-1', endpoint: scripted.endpoint, credentials };
  const service = jsonService({ ...place, service: 'sqs', target: 'AmazonSQS', clock: { now: () => nowMs }, answerMsMax: 200 });
  try {
    await body(service, scripted);
  } finally {
    service.close();
    scripted.stop();
  }
}

test('a request names its operation and is signed for its service, region, session and time', async () => {
  await withService({ body: { MessageId: '1' } }, async (service, { requests }) => {
    assert.deepEqual(await service.call('SendMessage', { MessageBody: 'grüße' }), { MessageId: '1' });
    const [{ operation, headers }] = requests as [Scripted['requests'][number]];
    assert.equal(operation, 'SendMessage');
    assert.equal(headers['x-amz-target'], 'AmazonSQS.SendMessage');
    assert.equal(headers['content-type'], 'application/x-amz-json-1.0');
    assert.equal(headers['x-amz-date'], '20260102T030405Z');
    assert.equal(headers['x-amz-security-token'], 'the-session');
    assert.match(
      `${headers.authorization}`,
      /^AWS4-HMAC-SHA256 Credential=the-key\/20260102\/eu-west-1\/sqs\/aws4_request, SignedHeaders=\S+, Signature=[0-9a-f]{64}$/,
    );
    await service.call('SendMessage', {}, { signedMs: nowMs + 1000 });
    assert.equal(requests[1]?.headers['x-amz-date'], '20260102T030406Z');
  });
});

/** Body of a refusal; the error's name and message. */
const refusals: readonly (readonly [ServiceAnswer, string, string])[] = [
  [refusal('ThrottlingException', 'too much'), 'ThrottlingException', 'too much'],
  [{ status: 400, body: { __type: 'QueueDoesNotExist:http://sqs/doc', Message: 'no queue' } }, 'QueueDoesNotExist', 'no queue'],
  [{ status: 503, body: {} }, 'Status503', 'it answered 503'],
];

test('a refusal is an error with the service’s code for a name', async () => {
  for (const [answer, name, message] of refusals) {
    await withService(answer, (service) =>
      assert.rejects(service.call('SendMessage', {}), (error) => {
        assert.ok(error instanceof ServiceError);
        assert.deepEqual([error.name, error.message, error.status], [name, message, answer.status]);
        return true;
      }),
    );
  }
});

test('an unresponsive service is waited for as long as its setting allows, or until the caller gives up', async () => {
  await withService(undefined, async (service) => {
    await assert.rejects(service.call('SendMessage', {}), { name: 'TimeoutError' });
    await assert.rejects(service.call('SendMessage', {}, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });
});

/** What asking comes to where answers are written by hand. */
async function asked(answer: RequestListener, { signal, ...limit }: { signal?: AbortSignal; answerMsMax?: number } = {}): Promise<unknown> {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service = jsonService({
    region: 'eu-west-1',
    endpoint,
    credentials,
    service: 'sqs',
    target: 'AmazonSQS',
    clock: { now: () => nowMs },
    ...limit,
  });
  try {
    return await service.call('SendMessage', {}, signal === undefined ? {} : { signal });
  } finally {
    service.close();
    server.close();
  }
}

test('an answer that stops half-way is given up, and its connection too', async () => {
  const half: RequestListener = (_incoming, outgoing) => void outgoing.writeHead(200, { 'content-length': '100' }).write('{"Mess');
  await assert.rejects(asked(half, { signal: AbortSignal.timeout(50) }), { code: 'ECONNRESET' });
  await assert.rejects(asked(half, { answerMsMax: 50 }), { name: 'TimeoutError' });
});

test('an answer that is no JSON is a failure of the program that gave it', async () => {
  const page: RequestListener = (_incoming, outgoing) => void outgoing.end('<html>');
  await assert.rejects(asked(page), { name: 'Status502', message: 'the answer is not JSON' });
});
