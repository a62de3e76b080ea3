/** The SDK's client as the judge of how items travel. What is sent and answered otherwise: functions/aws/sdk-*.test.ts. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { startScriptedDynamodb, type ScriptedDynamodb, type ServiceAnswer } from '../../../test/support/scripted-dynamodb.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { dynamodbService, type DynamodbService } from './dynamodb-service.ts';
import type { AttributeValue, Item } from './item.ts';

let scripted: ScriptedDynamodb;
let service: DynamodbService;
let client: DynamoDBClient;
let answer: ServiceAnswer = { body: {} };

before(async () => {
  scripted = await startScriptedDynamodb(() => answer);
  const access = { region: 'eu-west-1', credentials: { accessKeyId: 'key', secretAccessKey: 'secret' }, endpoint: scripted.endpoint };
  service = dynamodbService(access, virtualWorld().clock);
  client = new DynamoDBClient({ ...access, maxAttempts: 1 });
});

after(() => {
  service.close();
  client.destroy();
  scripted.stop();
});

const text = fc.string({ unit: 'binary', maxLength: 20 });
const { value } = fc.letrec<{ value: AttributeValue; list: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text.map((S) => ({ S })),
    fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((N) => ({ N: `${N}` })),
    fc.uint8Array({ maxLength: 40 }).map((B) => ({ B })),
    // A part of a larger piece of memory, as slices of frames are.
    fc.uint8Array({ minLength: 2, maxLength: 40 }).map((bytes) => ({ B: Buffer.from(bytes).subarray(1) })),
    tie('list'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }).map((L) => ({ L })),
}));
/** The SDK takes `__proto__` for the prototype of what it reads. No attribute of ours has that name. */
const attribute = text.filter((name) => name !== '__proto__');
const item: fc.Arbitrary<Item> = fc.dictionary(attribute, value, { maxKeys: 6 });

/** The body of the last request. */
const lastBody = (): unknown => JSON.parse(scripted.requests.at(-1)?.body ?? '');

test('any item is written as the SDK writes it', async () => {
  answer = { body: {} };
  const written = async (given: Item): Promise<void> => {
    const values = { Item: given, Key: given, ExclusiveStartKey: given, ExpressionAttributeValues: given };
    const put = { TableName: 't', Item: values.Item, ExpressionAttributeValues: values.ExpressionAttributeValues };
    const query = { TableName: 't', ExclusiveStartKey: values.ExclusiveStartKey };
    await service.send('PutItem', put);
    const ours = lastBody();
    await client.send(new PutItemCommand(put as never));
    assert.deepEqual(ours, lastBody());
    await service.send('Query', query);
    const asked = lastBody();
    await client.send(new QueryCommand(query as never));
    assert.deepEqual(asked, lastBody());
  };
  await fc.assert(fc.asyncProperty(item, written), { numRuns: 50 });
});

test('any item is read as the SDK reads it', async () => {
  const read = async (given: Item): Promise<void> => {
    await service.send('PutItem', { TableName: 't', Item: given });
    const { Item: sent } = lastBody() as { Item: object };
    answer = { body: { Items: [sent, sent], LastEvaluatedKey: sent, Count: 2, ConsumedCapacity: { TableName: 't', CapacityUnits: 0.5 } } };
    const { $metadata: _, ...theirs } = await client.send(new QueryCommand({ TableName: 't' }));
    const ours = await service.send('Query', { TableName: 't' });
    // Ours are Node's Buffers.
    assert.deepEqual(structuredClone(ours), theirs);
    assert.deepEqual(structuredClone(ours.Items?.[0]), structuredClone(given));
  };
  await fc.assert(fc.asyncProperty(item, read), { numRuns: 50 });
});
