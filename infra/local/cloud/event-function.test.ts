/** Real processes: what freezing does can only be seen on one. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createLog, realWorld } from '../../../functions/world.ts';
import { EventFunction } from './event-function.ts';
import type { Faults } from './faults.ts';
import { startStreamSource } from './stream-source.ts';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../test/support/eventually.ts';

const module = `
let calls = 0; let last = performance.now(); let longestMs = 0;
setInterval(() => {
  const now = performance.now();
  longestMs = Math.max(longestMs, now - last);
  last = now;
}, 5);
export const handler = async ({ want }, context) => {
  calls += 1;
  if (want === 'hang') await new Promise(() => {});
  if (want === 'throw') throw new Error('as asked');
  if (want === 'end') process.exit(3);
  if (want === 'slow') await new Promise((resolve) => setTimeout(resolve, 100));
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { calls, longestMs, pid: process.pid, left: Math.round(context.getRemainingTimeInMillis() / 1000) };
};`;

interface Answer {
  readonly calls: number;
  /** Between two ticks of a timer. */
  readonly longestMs: number;
  readonly pid: number;
  readonly left: number;
}

const frozenMs = 200;
const silent = { ...realWorld('error'), log: createLog('error') };

describe('an event function', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-function-'));
  const file = join(directory, 'index.mjs');
  writeFileSync(file, module);
  const functions: EventFunction[] = [];
  after(() => {
    for (const one of functions) one.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const start = (faults: Faults = {}, timeoutSeconds = 5): EventFunction => {
    const made = new EventFunction({
      name: 'test',
      module: file,
      variables: {},
      timeoutSeconds,
      world: silent,
      faults,
      started: () => undefined,
    });
    functions.push(made);
    return made;
  };
  const answerOf = async (target: EventFunction, want = ''): Promise<Answer> => {
    const outcome = await target.invoke({ want });
    assert.equal(outcome.outcome, 'answered');
    return (outcome as { answer: Answer }).answer;
  };

  test('stays warm, and is frozen between two calls', async () => {
    const target = start();
    const first = await answerOf(target);
    // The kernel stops it in its own time.
    await eventually(() => assert.match(readFileSync(`/proc/${first.pid}/stat`, 'utf8'), /\) T /));
    await silent.clock.sleep(frozenMs);
    const second = await answerOf(target);
    assert.deepEqual([second.pid, second.calls, second.left], [first.pid, 2, 5]);
    assert.ok(second.longestMs >= frozenMs, 'it ran on');
  });

  test('serves one call an environment', async () => {
    const target = start();
    const [a, b] = await Promise.all([answerOf(target, 'slow'), answerOf(target, 'slow')]);
    assert.notEqual(a.pid, b.pid);
    assert.equal(target.counts.coldStarts, 2);
  });

  test('an event function that throws is kept, and one that ends is not', async () => {
    const target = start();
    const { pid } = await answerOf(target);
    const thrown = await target.invoke({ want: 'throw' });
    assert.match((thrown as { why: string }).why, /^Error: as asked/);
    assert.equal((await answerOf(target)).pid, pid);
    assert.deepEqual(await target.invoke({ want: 'end' }), { outcome: 'failed', why: 'the process ended with 3' });
    assert.notEqual((await answerOf(target)).pid, pid);
  });

  test('an event function is ended when its time is up', async () => {
    const target = start({}, 1);
    await answerOf(target);
    assert.deepEqual(await target.invoke({ want: 'hang' }), { outcome: 'failed', why: 'timed out after 1 s' });
    assert.equal((await answerOf(target)).calls, 1);
  });

  test('an environment that is older than coldEveryMs is not used again', async () => {
    const target = start({ coldEveryMs: 1 });
    const { pid } = await answerOf(target);
    assert.notEqual((await answerOf(target)).pid, pid);
  });
});

test('one bad record of a stream is given up alone, after the others had their turns', async () => {
  const records = Array.from({ length: 8 }, (_, index) => ({ index }));
  let asked = 0;
  const answers: Record<string, () => object> = {
    DescribeTable: () => ({ Table: { LatestStreamArn: 'arn' } }),
    DescribeStream: () => ({ StreamDescription: { Shards: [{ ShardId: 's' }] } }),
    GetShardIterator: () => ({ ShardIterator: 'i' }),
    GetRecords: () => ({ Records: (asked += 1) === 1 ? records : [], NextShardIterator: 'i' }),
  };
  const server = createServer((request, response) => {
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    response.end(JSON.stringify(answers[action]?.() ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const seen: number[] = [];
  const invoke = async (event: object): Promise<{ outcome: 'answered'; answer: undefined } | { outcome: 'failed'; why: string }> => {
    const batch = (event as { Records: readonly { index: number }[] }).Records.map(({ index }) => index);
    if (batch.includes(5)) return { outcome: 'failed', why: 'poison' };
    seen.push(...batch);
    return { outcome: 'answered', answer: undefined };
  };
  const lines: string[] = [];
  const log = { ...silent.log, error: (message: string) => void lines.push(message) };
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = await startStreamSource({ endpoint, tableName: 't', target: { invoke }, faults: {}, world: { ...silent, log } });
  await eventually(() => assert.equal(seen.length, 7));
  stop();
  server.closeAllConnections();
  server.close();
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 6, 7]);
  assert.deepEqual(lines, ['a record of the stream was given up']);
});
