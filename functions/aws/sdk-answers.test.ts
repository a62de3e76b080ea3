/** The SDK's clients as the judge of what an answer means: the same bytes are answered to them and to us. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { crc32 } from 'node:zlib';
import { DynamoDBClient, PutItemCommand, type DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ConfiguredRetryStrategy, isClockSkewError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import { refusal, startScriptedDynamodb, type ServiceAnswer } from '../../test/support/scripted-dynamodb.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { dynamodbService } from '../store/dynamodb/dynamodb-service.ts';
import { troubleOf } from '../store/dynamodb/translate.ts';
import { realWorld } from '../world.ts';
import { sqsSender } from '../workers/doorbell/sqs-sender.ts';
import { ServiceError } from './json-service.ts';

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
const region = 'eu-west-1';
const key = { pk: { S: 'c#L#0#1' }, sk: { S: '7' } };
const shown = { ...key, b: { B: 'AP8+Pwo=' }, l: { L: [{ N: '1' }, { B: 'AA==' }] } };

const answered = (type: string, fields: object, status = 400): ServiceAnswer => ({ status, body: { __type: type, ...fields } });
const ofDynamodb = 'com.amazonaws.dynamodb.v20120810#';
const ofAmazon = 'com.amazon.coral.service#';
const conditionFailed = `${ofDynamodb}ConditionalCheckFailedException`;
const throughput =
  'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.';
const clockBehind = 'Signature expired: 20260102T030405Z is now earlier than 20260102T031905Z (20260102T033405Z - 15 min.)';
const clockAhead = 'Signature not yet current: 20260102T040405Z is still later than 20260102T032405Z (20260102T031905Z + 5 min.)';

/** As DynamoDB words them. What ours come to: whether it may be tried again, and whether it may have been done. */
const refusals: readonly (readonly [ServiceAnswer, ReturnType<typeof troubleOf>['type']])[] = [
  [answered(conditionFailed, { message: 'The conditional request failed' }), 'condition'],
  [answered(conditionFailed, { message: 'The conditional request failed', Item: shown }), 'condition'],
  [answered(`${ofDynamodb}ProvisionedThroughputExceededException`, { message: throughput }), 'not-now'],
  [answered(`${ofAmazon}ThrottlingException`, { message: 'Rate of requests exceeds the allowed throughput.' }), 'not-now'],
  [answered(`${ofDynamodb}ThrottlingException`, { message: 'slow down', throttlingReasons: [{ reason: 'x', resource: 'y' }] }), 'not-now'],
  [answered(`${ofDynamodb}RequestLimitExceeded`, { message: 'Throughput exceeds the current throughput limit.' }), 'not-now'],
  [answered(`${ofAmazon}ThrottlingException`, {}, 429), 'not-now'],
  [answered(`${ofAmazon}Throttling`, { Message: 'Rate exceeded' }), 'not-now'],
  [answered(`${ofAmazon}ExpiredTokenException`, { message: 'The security token included in the request is expired' }), 'refused'],
  [answered(`${ofAmazon}UnrecognizedClientException`, { message: 'The security token included in the request is invalid.' }), 'refused'],
  [answered(`${ofAmazon}AccessDeniedException`, { Message: 'User: arn:aws:sts::1:x is not authorized' }), 'refused'],
  [answered(`${ofAmazon}InvalidSignatureException`, { message: 'The request signature we calculated does not match' }), 'refused'],
  [answered(`${ofAmazon}InvalidSignatureException`, { message: clockBehind }), 'not-now'],
  [answered(`${ofAmazon}RequestTimeoutException`, { message: 'late' }), 'unanswered'],
  [answered(`${ofAmazon}SerializationException`, { Message: 'NUMBER_VALUE cannot be converted to String' }), 'refused'],
  [answered(`${ofAmazon}ValidationException`, { message: 'Item size has exceeded the maximum allowed size' }), 'refused'],
  [answered(`${ofDynamodb}ResourceNotFoundException`, { message: 'Requested resource not found' }), 'refused'],
  [answered(`${ofDynamodb}InternalServerError`, { message: 'Internal server error' }, 500), 'unanswered'],
  [answered(`${ofDynamodb}InternalServerError:http://internal.amazon.com/coral/com.amazon#x`, { message: 'failed' }, 500), 'unanswered'],
  [{ status: 400, body: { code: 'ValidationException', message: 'by another field' } }, 'refused'],
  [{ status: 400, body: { message: 'by its header' }, headers: { 'x-amzn-errortype': 'AccessDeniedException:http://aws/' } }, 'refused'],
];

interface Outcomes {
  readonly ours: unknown;
  readonly theirs: unknown;
}

async function putTwice(context: TestContext, answer: ServiceAnswer): Promise<Outcomes> {
  const scripted = await startScriptedDynamodb(() => answer);
  context.after(() => scripted.stop());
  const access = { region, credentials, endpoint: scripted.endpoint };
  const service = dynamodbService(access, virtualWorld().clock);
  const client = new DynamoDBClient({ ...access, maxAttempts: 1 });
  context.after(() => (service.close(), client.destroy()));
  const input = { TableName: 't', Item: key };
  const asValue = (error: unknown): unknown => error;
  const theirs = await client.send(new PutItemCommand(input)).catch(asValue);
  return { ours: await service.send('PutItem', input).catch(asValue), theirs };
}

type SdkError = Parameters<typeof isThrottlingError>[0];

const isRetriedBySdk = (error: unknown): boolean => isThrottlingError(error as SdkError) || isTransientError(error as SdkError);

for (const [answer, type] of refusals) {
  const { __type: name = 'a refusal', message } = answer.body as { __type?: string; message?: string };
  test(`${name} “${message}” means what it means to the SDK`, async (context) => {
    const { ours, theirs } = await putTwice(context, answer);
    assert.ok(ours instanceof ServiceError);
    const { name: theirName, message: theirMessage, $metadata: metadata } = theirs as DynamoDBServiceException;
    assert.deepEqual([ours.name, ours.status], [theirName, metadata.httpStatusCode]);
    // Without a message, each has its own words for that.
    assert.equal(ours.message, theirMessage.startsWith('Unknown') ? `it answered ${ours.status}` : theirMessage);
    const trouble = troubleOf(ours, 'PutItem');
    assert.equal(trouble.type, type);
    assert.equal(trouble.type === 'not-now' || trouble.type === 'unanswered', isRetriedBySdk(theirs));
    if (trouble.type === 'condition') {
      const { Item: item } = theirs as { Item?: Readonly<Record<string, unknown>> };
      // Ours are Node's Buffers.
      assert.deepEqual(structuredClone(trouble.item), item);
    }
  });
}

const brokenAnswers: readonly (readonly [string, ServiceAnswer, object])[] = [
  ['a page of a proxy', { status: 502, body: '', text: '<html>502</html>' }, { name: 'Status502', message: 'the answer is not JSON' }],
  ['a page of a captive portal', { status: 200, body: '', text: '<html>' }, { name: 'Status502', message: 'the answer is not JSON' }],
  ['half of the JSON', { body: '', text: '{"Item":{"pk"' }, { name: 'Status502', message: 'the answer is not JSON' }],
  ['no fields', { body: null }, { name: 'Status502', message: 'the answer is not JSON' }],
  ['nothing and 503', { status: 503, body: '', text: '' }, { name: 'Status503', message: 'it answered 503' }],
  ['half of an answer', { body: '', text: '{"Item":{}}', breaksAfter: 4 }, { code: 'ECONNRESET' }],
  ['a broken connection', { body: {}, breaksAfter: 0 }, { code: 'ECONNRESET' }],
  ['other bytes', { body: {}, headers: { 'x-amz-crc32': '1' } }, { name: 'Status502', message: 'the answer is damaged' }],
];

for (const [what, answer, expected] of brokenAnswers) {
  test(`${what}: the request may have been carried out, whatever error the SDK throws`, async (context) => {
    const { ours } = await putTwice(context, answer);
    assert.ok(ours instanceof Error);
    for (const [field, value] of Object.entries(expected)) assert.equal((ours as unknown as Record<string, unknown>)[field], value);
    assert.equal(troubleOf(ours, 'PutItem').type, 'unanswered');
  });
}

test('an answer must have its checksum', async (context) => {
  const text = '{"Attributes":{"ü":{"S":"ü"}}}';
  const { ours } = await putTwice(context, { body: '', text, headers: { 'x-amz-crc32': `${crc32(text)}` } });
  assert.deepEqual(ours, JSON.parse(text));
});

test('a wrong clock is reported with both times; the SDK corrects it in silence', async (context) => {
  const messageOf = async (type: string, message: string): Promise<unknown> => {
    const { ours, theirs } = await putTwice(context, answered(`${ofAmazon}${type}`, { message }));
    assert.ok(isClockSkewError(theirs as SdkError));
    const trouble = troubleOf(ours, 'PutItem');
    assert.equal(trouble.type, 'not-now');
    return 'error' in trouble ? trouble.error.message : undefined;
  };
  assert.equal(
    await messageOf('InvalidSignatureException', clockBehind),
    'a request signed at 2026-01-02T03:04:05Z arrived at 2026-01-02T03:34:05Z: it was held up, or the clock of this machine is wrong',
  );
  assert.equal(
    await messageOf('InvalidSignatureException', clockAhead),
    'the clock of this machine is wrong: a request signed at 2026-01-02T04:04:05Z arrived at 2026-01-02T03:19:05Z',
  );
  assert.equal(
    await messageOf('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.'),
    'a request was signed too long before it arrived, or the clock of this machine is wrong',
  );
});

const ringAnswers: readonly ServiceAnswer[] = [
  { body: { MessageId: '1' } },
  ...['RequestThrottled', 'ThrottlingException', 'Throttling', 'TooManyRequestsException', 'SlowDown'].map((name) =>
    answered(`com.amazonaws.sqs#${name}`, { message: 'too much' }),
  ),
  answered(`${ofAmazon}InvalidSignatureException`, { message: clockBehind }),
  answered(`${ofAmazon}ExpiredTokenException`, { message: 'expired' }, 403),
  answered(`${ofAmazon}AccessDeniedException`, { message: 'no' }, 403),
  answered('com.amazonaws.sqs#QueueDoesNotExist', { message: 'no queue' }),
  answered(`${ofAmazon}InternalFailure`, {}, 500),
  answered(`${ofAmazon}ServiceUnavailable`, {}, 503),
  refusal('ThrottlingException', 'x', 429),
  { body: {}, breaksAfter: 0 },
];

for (const answer of ringAnswers) {
  const { status = 200, body } = answer;
  test(`a ring that is answered ${status} ${JSON.stringify(body)} is sent as often as by the SDK`, async (context) => {
    const scripted = await startScriptedDynamodb(() => answer);
    context.after(() => scripted.stop());
    const access = { region, credentials, endpoint: scripted.endpoint };
    const message = { QueueUrl: 'https://q/1/q', MessageBody: '{}' };
    const retryStrategy = new ConfiguredRetryStrategy(3, 1);
    const client = new SQSClient({ ...access, md5: false, retryStrategy });
    const outcomeOf = async (sent: Promise<unknown>): Promise<string> =>
      sent.then(
        () => 'sent',
        (error: unknown) => (error as Error).name,
      );
    const theirs = await outcomeOf(client.send(new SendMessageCommand(message)));
    const theirRequests = scripted.requests.length;
    const { random } = virtualWorld();
    const clock = { ...realWorld('error').clock, sleep: () => Promise.resolve() };
    const ours = await outcomeOf(sqsSender({ clock, random }, access)(message));
    assert.deepEqual([ours, scripted.requests.length - theirRequests], [theirs, theirRequests]);
  });
}
