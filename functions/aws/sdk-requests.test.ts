/**
 * The SDK's clients as the judge of what we send to the table and the queues. The SDK makes every request again from the same
 * input, and a third program checks both signatures. The SDK sends no parameter that it does not know, so that misspelled ones
 * are found here, too.
 */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { removeKeys } from '../../infra/cli/cluster-keys.ts';
import { refusal, startScriptedDynamodb, type ServiceAnswer, type ServiceRequest } from '../../test/support/scripted-dynamodb.ts';
import { signatureFault } from '../../test/support/signature.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { clusterRecords } from '../store/dynamodb/cluster-records.ts';
import { dynamodbTable } from '../store/dynamodb/dynamodb-table.ts';
import type { EntryItem } from '../store/table.ts';
import { createSqsDoorbell } from '../workers/doorbell/sqs-doorbell.ts';
import { sqsSender } from '../workers/doorbell/sqs-sender.ts';
import { jsonService, type AwsAccess } from './json-service.ts';

const tableName = 'the-table';
const region = 'eu-west-1';
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const identities = [keys, { ...keys, sessionToken: 'IQoJb3JpZ2luX2VjE+/=' }];
const signedMs = Date.UTC(2026, 1, 3, 4, 5, 6, 789);
const bytes = Buffer.from([0, 255, 62, 63, 10]);

/** Shows all that the parsers of inputs read. Pages end with the second, and an update is refused, so that nothing goes on. */
function answerTo({ operation, body }: ServiceRequest): ServiceAnswer {
  const isFirstPage = !body.includes('ExclusiveStartKey');
  const key = { pk: { S: 'c.1#' }, sk: { S: 'ünï' } };
  if (operation === 'UpdateItem') return refusal('ConditionalCheckFailedException', 'The conditional request failed');
  if (operation === 'Query') return { body: { Items: [], ...(isFirstPage ? { LastEvaluatedKey: key } : {}) } };
  if (operation === 'Scan') return { body: { Items: [key], ...(isFirstPage ? { LastEvaluatedKey: key } : {}) } };
  return { body: {} };
}

async function useTable(client: AwsAccess): Promise<void> {
  const world = virtualWorld();
  const table = dynamodbTable({ tableName, cluster: 'c', world, client });
  const entry: EntryItem = { logIndex: 7, firstRevision: 9, count: 2, nonce: 'grüße', writtenMs: signedMs, frames: bytes };
  const object = { resource: 'pods', namespace: 'default', name: 'a', revision: 1, writtenMs: 5 };
  const meta = { logIndex: 7, revision: 10, writtenMs: 3, passed: { logIndex: 1, revision: 2, atMs: 3 }, superseded: ['one', 'two'] };
  await table.appendEntry(entry, signedMs);
  await table.readEntries(5, 3);
  await table.readMeta();
  await table.advanceMeta(0, meta, signedMs);
  await table.putObjects([{ ...object, body: bytes.subarray(1, 3) }, object], signedMs);
  await table.readObjects();
  await table.putNote({ shard: 3, name: 'node', revision: 5, body: bytes });
  await table.readNotes(3);
  await table.putMail({ mailbox: 'm', number: 4, expiresMs: 5000, body: bytes });
  await table.readMail('m', 3);
  await table.readNewestMail('m');
  await table.putBlob('hash', Buffer.alloc(400_000, 7));
  await table.readBlob('hash');
  await table.expireBlobs(['hash'], 9000);
  await table.close();
}

async function useClusters(client: AwsAccess): Promise<void> {
  const world = virtualWorld();
  const records = clusterRecords({ tableName, world, client });
  const record = { name: 'c', id: 'c.1', createdMs: 5, deletedMs: 6 };
  await records.list();
  await records.create(record);
  await records.replace(record);
  await records.remove(record);
  records.close();
  const service = jsonService({ ...client, service: 'dynamodb', target: 'DynamoDB_20120810', clock: world.clock });
  await removeKeys({ service, tableName, id: 'c.1', clock: world.clock });
  service.close();
}

async function useQueues(access: AwsAccess): Promise<void> {
  const world = virtualWorld();
  const queues = { groups: { controllers: `https://sqs.${region}.amazonaws.com/1/c.fifo` }, deadlines: 'https://sqs/1/deadlines' };
  const doorbell = createSqsDoorbell({ queues, cluster: 'c', world, send: sqsSender(world, access) });
  doorbell.ring('controllers', 'ma"rk');
  doorbell.ringAfter('controllers', 5000);
  await doorbell.flush();
}

const dynamodbCommands = {
  BatchWriteItem: BatchWriteItemCommand,
  DeleteItem: DeleteItemCommand,
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  Scan: ScanCommand,
  UpdateItem: UpdateItemCommand,
} as const;

/** What the SDK is given is bytes, where JSON has base64. */
const inputOf = (body: string): never =>
  JSON.parse(body, (name, value: unknown) => (name === 'B' && typeof value === 'string' ? Buffer.from(value, 'base64') : value)) as never;

async function sendBySdk({ operation, body, headers }: ServiceRequest, config: object): Promise<void> {
  mock.timers.setTime(timeOf(headers['x-amz-date']));
  const options = { ...config, region, maxAttempts: 1 };
  const input = inputOf(body);
  if (operation === 'SendMessage') return void (await new SQSClient({ ...options, md5: false }).send(new SendMessageCommand(input)));
  // They differ in what they take: in their bodies.
  const Command = dynamodbCommands[operation as keyof typeof dynamodbCommands] as typeof PutItemCommand;
  const sent = new DynamoDBClient(options).send(new Command(input));
  await sent.catch((error: Error) => assert.equal(error.name, 'ConditionalCheckFailedException'));
}

const timeOf = (time: unknown): number => Date.parse(String(time).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));

/** The SDK's name and version; the queues' older error codes, which are not read here. */
const ofTheSdkAlone = new Set(['user-agent', 'x-amz-user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request', 'x-amzn-query-mode']);

/** These depend on the order of a body's fields; the judge of signatures checks them. */
const ofTheOrder = new Set(['authorization', 'content-length', 'x-amz-content-sha256']);

const compared = ({ method, path, body, headers }: ServiceRequest): object => ({
  method,
  path,
  body: JSON.parse(body) as object,
  headers: Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !ofTheSdkAlone.has(name))
      .map(([name, value]) => [name, ofTheOrder.has(name) ? 'there' : value]),
  ),
});

const serviceOf = ({ operation }: ServiceRequest): string => (operation === 'SendMessage' ? 'sqs' : 'dynamodb');

test('the judge of signatures knows AWS’s own example, and what is wrong with others', () => {
  const headers = {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
      'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  };
  const vanilla = { method: 'GET', path: '/', headers, body: '' };
  const signer = { ...keys, region: 'us-east-1', service: 'service' };
  const faultOf = (change: object, changed: object = {}): string | undefined =>
    signatureFault({ ...vanilla, ...change, headers: { ...headers, ...changed } }, signer);
  assert.equal(faultOf({}), undefined);
  for (const change of [{ method: 'POST' }, { path: '/a' }, { body: '{}' }]) assert.equal(faultOf(change), 'it does not fit the request');
  assert.equal(faultOf({}, { host: 'example.com' }), 'it does not fit the request');
  assert.equal(faultOf({}, { 'x-amz-date': '20150830T123601Z' }), 'it does not fit the request');
  assert.equal(faultOf({}, { 'x-amz-date': '20150831T123600Z' }), 'its day is not that of the request');
  assert.equal(faultOf({}, { 'x-amz-target': 'a.b' }), 'it leaves out x-amz-target');
});

for (const credentials of identities) {
  for (const base of ['', '/a/base', '/a%20base/']) {
    const whose = 'sessionToken' in credentials ? 'a session' : 'a user';
    test(`what we send for ${whose} to the address “${base}” is what the SDK sends, and is signed for its time`, async (context) => {
      const scripted = await startScriptedDynamodb(answerTo);
      const access = { region, endpoint: `${scripted.endpoint}${base}`, credentials };
      context.after(() => scripted.stop());
      context.after(() => mock.timers.reset());
      for (const use of [useTable, useClusters, useQueues]) await use(access);
      const ours = [...scripted.requests];
      const operations = new Set(ours.map(({ operation }) => operation));
      assert.deepEqual([...operations].toSorted(), [...Object.keys(dynamodbCommands), 'SendMessage'].toSorted());
      assert.equal(ours[0]?.headers['x-amz-date'], '20260203T040506Z');

      mock.timers.enable({ apis: ['Date'] });
      for (const request of ours) {
        await sendBySdk(request, access);
        const theirs = scripted.requests.at(-1) as ServiceRequest;
        assert.deepEqual(compared(request), compared(theirs));
        const signer = { ...keys, region, service: serviceOf(request) };
        assert.equal(signatureFault(theirs, signer), undefined, `the SDK’s ${request.operation}`);
        assert.equal(signatureFault(request, signer), undefined, request.operation);
        assert.equal(request.headers['content-length'], `${Buffer.byteLength(request.body)}`);
      }
    });
  }
}
