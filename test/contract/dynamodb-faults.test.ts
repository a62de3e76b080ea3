/** What the store gets from the table when DynamoDB refuses, fails or does not respond, and what is sent again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dynamodbTable, type DynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import { StoreError } from '../../functions/store/store.ts';
import type { EntryItem } from '../../functions/store/table.ts';
import { realWorld } from '../../functions/world.ts';
import { refusal, startScriptedDynamodb, type ScriptedDynamodb, type ServiceAnswer } from '../support/scripted-dynamodb.ts';
import { virtualWorld } from '../support/virtual-world.ts';

const tableName = 'the-secret-name-of-the-table';
const credentials = { accessKeyId: 'the-key', secretAccessKey: 'the-secret' };
const signedMs = Date.UTC(2026, 0, 2, 3, 4, 5);

const entry: EntryItem = { logIndex: 1, firstRevision: 1, count: 1, nonce: 'mine', writtenMs: signedMs, frames: Buffer.from('frames') };
const object = { resource: 'pods', namespace: 'default', name: 'a', revision: 1, writtenMs: 0, body: Buffer.of(1) };

interface Given {
  readonly table: DynamodbTable;
  readonly service: ScriptedDynamodb;
}

async function withService(
  answer: ServiceAnswer | undefined,
  body: (given: Given) => Promise<void>,
  world = realWorld('error'),
): Promise<void> {
  const service = await startScriptedDynamodb(() => answer);
  const table = dynamodbTable({ tableName, cluster: 'c', world, client: { endpoint: service.endpoint, region: 'eu-west-1', credentials } });
  try {
    await body({ table, service });
  } finally {
    await table.close();
    service.stop();
  }
}

const messageOf = (error: unknown): string => {
  assert.ok(error instanceof StoreError);
  assert.ok(error.cause instanceof Error, 'the cause is attached');
  assert.doesNotMatch(error.message, /the-secret|the-key/);
  return `${error.code}: ${error.message}`;
};

/** The outcome, or the error's message. */
const appended = async (table: DynamodbTable): Promise<string> => {
  const result = await table.appendEntry(entry, signedMs).catch(messageOf);
  if (typeof result === 'string') return result;
  return result.outcome === 'unknown' ? `unknown, ${messageOf(result.cause)}` : result.outcome;
};

const read = async (table: DynamodbTable): Promise<string> => {
  const result = await table.readEntries(0).catch(messageOf);
  return typeof result === 'string' ? result : 'read';
};

const forbidden = 'User: arn:aws:iam::1:role/the-secret-role is not authorized to perform: kms:Decrypt on resource: key';

/** The service's error; what an append comes to; what a read comes to, and after how many requests. */
const refusals: readonly (readonly [ServiceAnswer, string, string, number])[] = [
  [
    refusal('ResourceNotFoundException', `Requested resource not found: ${tableName}`),
    'unavailable: the table does not exist in this account and region',
    'unavailable: the table does not exist in this account and region',
    1,
  ],
  [
    refusal('AccessDeniedException', 'Access denied'),
    'unavailable: the permission dynamodb:PutItem, which the table needs, is missing',
    'unavailable: the permission dynamodb:Query, which the table needs, is missing',
    1,
  ],
  [
    refusal('AccessDeniedException', forbidden),
    'unavailable: the permission kms:Decrypt, which the table needs, is missing',
    'unavailable: the permission kms:Decrypt, which the table needs, is missing',
    1,
  ],
  [
    refusal('UnrecognizedClientException', 'The security token included in the request is invalid.'),
    'unavailable: the credentials for the table are not accepted',
    'unavailable: the credentials for the table are not accepted',
    1,
  ],
  [
    refusal('InvalidSignatureException', "Credential should be scoped to a valid region, not 'eu-west-1'."),
    'unavailable: the credentials for the table are for another region',
    'unavailable: the credentials for the table are for another region',
    1,
  ],
  [
    refusal('ExpiredTokenException', 'The security token included in the request is expired'),
    'unavailable: the credentials for the table have expired',
    'unavailable: the credentials for the table have expired',
    1,
  ],
  [
    refusal('ValidationException', 'The provided key element does not match the schema'),
    'unavailable: the table did not accept a request: is it of this version, and not too large?',
    'unavailable: the table did not accept a request: is it of this version, and not too large?',
    1,
  ],
  [
    refusal('ThrottlingException', 'Throughput exceeds the current capacity of your table or index.'),
    'unknown, unavailable: the table is busy: more was asked of it than it takes at once',
    'unavailable: the table is busy: more was asked of it than it takes at once',
    4,
  ],
  [
    refusal('ProvisionedThroughputExceededException', 'The level of configured provisioned throughput was exceeded.'),
    'unknown, unavailable: the table is busy: more was asked of it than it takes at once',
    'unavailable: the table is busy: more was asked of it than it takes at once',
    4,
  ],
  [
    refusal(
      'InvalidSignatureException',
      'Signature expired: 20260102T030405Z is now earlier than 20260102T034500Z (20260102T040000Z - 15 min.)',
    ),
    'unknown, unavailable: a request signed at 2026-01-02T03:04:05Z arrived at 2026-01-02T04:00:00Z: it was held up, or the clock of this machine is wrong',
    'unavailable: a request signed at 2026-01-02T03:04:05Z arrived at 2026-01-02T04:00:00Z: it was held up, or the clock of this machine is wrong',
    4,
  ],
  [
    refusal('InternalServerError', 'The request could not be completed', 500),
    'unknown, unavailable: the table’s service failed',
    'unavailable: the table’s service failed',
    4,
  ],
];

describe('DynamoDB', () => {
  for (const [answer, append, reading, requests] of refusals) {
    const { __type: type = '' } = answer.body as { __type?: string };
    test(`DynamoDB that answers ${type.split('#')[1]} comes to one clear error, and log entries are sent once`, async () => {
      await withService(answer, async ({ table, service }) => {
        assert.equal(await appended(table), append);
        assert.equal(service.requests.length, 1);
        assert.equal(await read(table), reading);
        assert.equal(service.requests.length, 1 + requests);
      });
    });
  }

  test('DynamoDB that does not respond for a second leaves the outcome of a write unknown', async () => {
    const world = virtualWorld();
    const silent = async ({ table, service }: Given): Promise<void> => {
      const append = appended(table);
      while (service.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await world.advance(1000);
      assert.equal(await append, 'unknown, unavailable: the table did not answer in time');
      assert.equal(service.requests.length, 1);
    };
    await withService(undefined, silent, world);
  });

  test('a table whose service has stopped is unavailable, and the outcome of an append is unknown', async () => {
    await withService(undefined, async ({ table, service }) => {
      service.stop();
      assert.equal(await appended(table), 'unknown, unavailable: the table’s service cannot be reached');
      assert.equal(await read(table), 'unavailable: the table’s service cannot be reached');
    });
  });

  test('log entries and objects are signed with the clock reading that they rest on, whatever time the service has', async () => {
    const anHourLater = { body: {}, headers: { date: new Date(Date.now() + 3_600_000).toUTCString() } };
    await withService(anHourLater, async ({ table, service }) => {
      await table.appendEntry(entry, signedMs);
      await table.putObjects([object], signedMs + 1000);
      await table.appendEntry(entry, signedMs + 2000);
      const dates = service.requests.map(({ headers }) => headers['x-amz-date']);
      assert.deepEqual(dates, ['20260102T030405Z', '20260102T030406Z', '20260102T030407Z']);
    });
  });

  test('DynamoDB is refused by name when the table has another format', async () => {
    const item = { pk: { S: 'c#M#0' }, sk: { S: '0' }, A: { N: '5' }, Ar: { N: '9' }, f: { S: 'hibernetes store 9' } };
    const wrong = new StoreError(
      'wrong-format',
      'the table has format 9, which needs a later version of hibernetes; this version reads format 3',
    );
    await withService({ body: { Item: item } }, ({ table }) => assert.rejects(table.readMeta(), wrong));
    const held = refusal('ConditionalCheckFailedException', 'The conditional request failed');
    const answer = { ...held, body: { ...(held.body as object), Item: item } };
    await withService(answer, ({ table }) => assert.rejects(table.advanceMeta(5, { logIndex: 6, revision: 10 }, signedMs), wrong));
  });

  test('DynamoDB has a log entry that cannot be read: it is shown as damaged, with its number', async () => {
    const item = { pk: { S: 'c#L#0#0' }, sk: { S: '0000000000000003' }, b: { N: '3' }, n: { N: '1' }, w: { S: 'n' }, t: { N: '1' } };
    await withService({ body: { Items: [item] } }, async ({ table }) => {
      const [entry] = (await table.readEntries(0)).entries;
      assert.equal(entry?.damage?.message, 'log entry 3 cannot be read: its attribute e is missing or of another type');
      assert.equal(entry?.logIndex, 3);
    });
  });

  test('DynamoDB has an object’s item that cannot be read: its place is named', async () => {
    const item = { pk: { S: 'c#O' }, sk: { S: '01ab/pods/default/web' }, r: { S: 'three' }, t: { N: '1' }, b: { B: 'AA==' } };
    await withService({ body: { Items: [item] } }, async ({ table }) => {
      const corrupt = new StoreError('corrupt', 'object pods default/web cannot be read: its attribute r is missing or of another type');
      await assert.rejects(table.readObjects(), corrupt);
    });
  });
});
