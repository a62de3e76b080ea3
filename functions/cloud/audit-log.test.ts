import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, startScriptedDynamodb, type ServiceAnswer } from '../../test/support/scripted-dynamodb.ts';
import { realWorld } from '../world.ts';
import { type AuditLog, batchLimits, createAuditLog, eventBytesMax, eventOverhead, waitingBytesMax } from './audit-log.ts';

interface Put {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
}

interface Asked {
  readonly operations: readonly string[];
  readonly puts: readonly Put[];
  readonly losses: readonly Readonly<Record<string, unknown>>[];
}

/** What the service was asked for while the work went on. `answers`: one a request, the last again and again. */
async function asked(answers: readonly ServiceAnswer[], work: (log: AuditLog) => Promise<void>): Promise<Asked> {
  let count = 0;
  const scripted = await startScriptedDynamodb(() => answers[Math.min(count++, answers.length - 1)]);
  const losses: Readonly<Record<string, unknown>>[] = [];
  const real = realWorld('error');
  const world = {
    ...real,
    clock: { ...real.clock, sleep: () => Promise.resolve() },
    log: { ...real.log, error: (_message: string, keys: Readonly<Record<string, unknown>> = {}) => void losses.push(keys) },
  };
  const access = { region: 'eu-west-1', endpoint: scripted.endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  const log = createAuditLog({ group: 'audit', prefix: 'default', world, access });
  try {
    await work(log);
    await log.close();
  } finally {
    scripted.stop();
  }
  const operations = scripted.requests.map(({ headers }) => String(headers['x-amz-target']).split('.')[1] ?? '');
  const puts = scripted.requests.flatMap(({ body }, index) => (operations[index] === 'PutLogEvents' ? [JSON.parse(body) as Put] : []));
  return { operations, puts, losses };
}

const good: ServiceAnswer = { body: {} };
const messagesIn = ({ puts }: Asked): readonly string[] => puts.flatMap(({ logEvents }) => logEvents.map(({ message }) => message));

test('lines of one turn are sent together, to a stream of their own in the group', async () => {
  const seen = await asked([good], async (log) => {
    log.write('1');
    log.write('2');
    await log.settled();
    log.write('3');
  });
  assert.deepEqual(seen.operations, ['CreateLogStream', 'PutLogEvents', 'PutLogEvents']);
  assert.deepEqual(messagesIn(seen), ['1', '2', '3']);
  const [first, second] = seen.puts;
  assert.deepEqual([first?.logGroupName, first?.logStreamName], ['audit', second?.logStreamName]);
  assert.match(first?.logStreamName ?? '', /^default\/[0-9a-f-]{36}$/);
});

test('a request holds no more events and bytes than the service takes', async () => {
  const line = 'x'.repeat(200_000);
  const seen = await asked([good], async (log) => {
    for (let index = 0; index < 12; index += 1) log.write(line);
    for (let index = 0; index < batchLimits.events + 1; index += 1) log.write('y');
    await log.settled();
  });
  assert.equal(messagesIn(seen).length, 12 + batchLimits.events + 1);
  for (const { logEvents } of seen.puts) {
    assert.ok(logEvents.length <= batchLimits.events);
    assert.ok(logEvents.reduce((sum, { message }) => sum + message.length + eventOverhead, 0) <= batchLimits.bytes);
  }
});

test('an event that is too large loses its objects, as upstream truncates', async () => {
  const large = { auditID: 'a', requestObject: 'x'.repeat(eventBytesMax), annotations: { one: '1' } };
  const hopeless = { requestURI: 'x'.repeat(eventBytesMax) };
  const seen = await asked([good], async (log) => {
    log.write(JSON.stringify(large));
    log.write(JSON.stringify(hopeless));
  });
  assert.deepEqual(messagesIn(seen), [JSON.stringify({ auditID: 'a', annotations: { one: '1', 'audit.k8s.io/truncated': 'true' } })]);
  assert.deepEqual(seen.losses, [{ group: 'audit', lost: 1, reason: 'too large' }]);
});

for (const [what, trouble, operations] of [
  ['throttles', refusal('ThrottlingException', 'slow'), ['CreateLogStream', 'PutLogEvents', 'PutLogEvents']],
  ['fails', refusal('InternalFailure', 'no', 500), ['CreateLogStream', 'PutLogEvents', 'PutLogEvents']],
  [
    'no longer has the stream',
    refusal('ResourceNotFoundException', 'no'),
    ['CreateLogStream', 'PutLogEvents', 'CreateLogStream', 'PutLogEvents'],
  ],
] as const) {
  test(`nothing is lost where the service ${what} once`, async () => {
    const seen = await asked([good, trouble, good], async (log) => {
      log.write('1');
      await log.settled();
    });
    assert.deepEqual(seen.operations, operations);
    assert.deepEqual([seen.puts.at(-1)?.logEvents.map(({ message }) => message), seen.losses], [['1'], []]);
  });
}

test('a refusal loses lines, counted, and later ones are written again', async () => {
  const seen = await asked([good, refusal('AccessDeniedException', 'no'), good], async (log) => {
    log.write('1');
    await log.settled();
    log.write('2');
    await log.settled();
  });
  assert.deepEqual([seen.puts.length, seen.losses.map(({ lost }) => lost)], [2, [1]]);
});

test('while the service fails no request waits, and what waits is bounded', async () => {
  const line = 'x'.repeat(250_000);
  const seen = await asked([refusal('AccessDeniedException', 'no')], async (log) => {
    log.write('1');
    await log.settled();
    for (let bytes = 0; bytes < waitingBytesMax + line.length; bytes += line.length) log.write(line);
    await log.settled();
  });
  assert.ok(seen.losses.some(({ reason }) => reason === 'too many wait'));
});
