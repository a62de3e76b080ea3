/** The agent's side alone; both together are tried in functions/apiserver/relay/mailed-log.test.ts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chunkBytesMax, decodeChunk } from '../../functions/node-protocol/relay-chunk.ts';
import { notFound, StatusError } from '../../functions/kube/status-error.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { TransportError } from '../poll.ts';
import type { NumberedChunk } from '../transport.ts';
import { createLogMailer } from './log-mailer.ts';
import { createOutbox } from './outbox.ts';

function setup(answer: (chunk: NumberedChunk | undefined) => Promise<{ upTo: number; isOpen: boolean }>) {
  const world = virtualWorld();
  const end = new AbortController();
  const sent: string[] = [];
  const sendChunk = async (_id: string, chunk: NumberedChunk | undefined) => {
    const text = chunk === undefined ? 'asks' : `${chunk.number} ${Buffer.from(decodeChunk(chunk.encoded)!.bytes).toString()}`;
    sent.push(text);
    return answer(chunk);
  };
  return { world, end, sent, mailer: createLogMailer({ world, transport: { sendChunk }, signal: end.signal }) };
}

const taken = async () => ({ upTo: 1000, isOpen: true });

/** A log without lines, which ends when the signal aborts. */
async function* silence(signal: AbortSignal): AsyncGenerator<Buffer> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  yield* [];
}

describe('a mailer', () => {
  test('a mailer sends an empty chunk at once, and every five seconds while the log is silent', async () => {
    const { world, sent, mailer, end } = setup(taken);
    const sending = mailer.send({ id: 'r1' }, async (signal) => silence(signal));
    await world.advance(500);
    assert.deepEqual(sent, ['1 ']);
    await world.advance(10_000);
    assert.deepEqual(sent, ['1 ', '2 ', '3 ']);
    end.abort();
    await world.advance(5000);
    await sending;
  });

  test('a mailer asks for room less and less often, and sends nothing meanwhile', async () => {
    let upTo = 1;
    const { world, sent, mailer } = setup(async () => ({ upTo, isOpen: true }));
    const log = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(chunkBytesMax, 'x');
      yield Buffer.from('rest');
    };
    const sending = mailer.send({ id: 'r1' }, async () => log());
    await world.advance(60_000);
    const asked = sent.filter((text) => text === 'asks').length;
    assert.equal(sent.length, 1 + asked);
    assert.ok(asked >= 12 && asked <= 20, `${asked} times`);
    upTo = 2;
    await world.advance(5000);
    await sending;
    assert.equal(sent.at(-1), '2 rest');
  });

  test('a mailer gives up after half a minute without an answer, and at once when its relay is gone', async () => {
    for (const [error, secondsMin, secondsMax] of [
      [new TransportError('down'), 30, 36],
      [new StatusError(503, 'ServiceUnavailable', 'busy'), 30, 36],
      [notFound({ group: '', resource: 'relays' }, 'r1'), 0, 1],
    ] as const) {
      const { world, mailer } = setup(() => Promise.reject(error));
      let seconds = 0;
      const failing = assert.rejects(
        mailer.send({ id: 'r1' }, async (signal) => silence(signal)),
        error,
      );
      let isOver = false;
      void failing.then(() => (isOver = true));
      for (; !isOver && seconds < 60; seconds += 1) await world.advance(1000);
      assert.ok(seconds >= secondsMin && seconds <= secondsMax, `${seconds} s`);
      await failing;
    }
  });

  test('a mailer reads a hundred logs at a time', async () => {
    const { world, sent, mailer, end } = setup(taken);
    const sending = Array.from({ length: 101 }, (_, index) => mailer.send({ id: `r${index}` }, async (signal) => silence(signal)));
    await world.advance(500);
    const refusals = sent.filter((text) => text !== '1 ');
    assert.equal(refusals.length, 1);
    const { code, message } = JSON.parse(refusals[0]!.slice(2)) as { code: number; message: string };
    assert.deepEqual([code, message], [429, 'too many logs of this node are being read, please try again later']);
    end.abort();
    await world.advance(5000);
    await Promise.all(sending);
  });
});

describe('an outbox', () => {
  const text = async (taking: Promise<{ bytes: Buffer; isLast: boolean }>): Promise<[string, boolean]> => {
    const { bytes, isLast } = await taking;
    return [bytes.toString(), isLast];
  };

  test('an outbox gives what comes close together at once, and what comes later by itself', async () => {
    const { clock, advance } = virtualWorld();
    const outbox = createOutbox(clock);
    const log = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('one ');
      await clock.sleep(300);
      yield Buffer.from('two');
      await clock.sleep(2000);
      yield Buffer.from('three');
    };
    void outbox.fill(log());
    const first = text(outbox.take(5000));
    await advance(600);
    assert.deepEqual(await first, ['one two', false]);
    const second = text(outbox.take(5000));
    await advance(2000);
    assert.deepEqual(await second, ['three', true]);
  });

  test('an outbox gives no more than a chunk, and reads no more than that ahead', async () => {
    const { clock } = virtualWorld();
    const outbox = createOutbox(clock);
    let read = 0;
    const log = async function* (): AsyncGenerator<Buffer> {
      for (const part = Buffer.alloc(100_000); read < 10; read += 1) yield part;
    };
    const filling = outbox.fill(log());
    const lengths: number[] = [];
    for (let isOver = false; !isOver;) {
      const { bytes, isLast } = await outbox.take(0);
      assert.ok(read * 100_000 <= lengths.reduce((sum, length) => sum + length, 0) + chunkBytesMax + 200_000);
      lengths.push(bytes.length);
      isOver = isLast;
    }
    await filling;
    assert.deepEqual(lengths, [chunkBytesMax, chunkBytesMax, chunkBytesMax, 1_000_000 - 3 * chunkBytesMax]);
  });
});
