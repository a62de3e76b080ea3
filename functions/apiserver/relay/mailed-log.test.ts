/** A client, an agent and a mailbox between them; each of their requests could be served by another process. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { createLogMailer, type LogMailer } from '../../../agent/relay/log-mailer.ts';
import { TransportError } from '../../../agent/poll.ts';
import type { NumberedChunk } from '../../../agent/transport.ts';
import { meteredTable } from '../../../infra/cost/metered-table.ts';
import { Meter } from '../../../infra/cost/usage.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { agentGroup, chunksPath, type RelayGrant, type RelayRequest } from '../../node-protocol/node-poll.ts';
import { chunkBytesMax, encodeChunk, encodedBytesMax } from '../../node-protocol/relay-chunk.ts';
import { badRequest, StatusError } from '../../kube/status-error.ts';
import { createStore } from '../../store/create-store.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { answerChunk } from './chunk-endpoint.ts';
import { createLogMail } from './mailed-log.ts';
import { isSoughtAfter, waitingOf } from './waiting-relays.ts';

const pod = { namespace: 'default', name: 'web', uid: 'u1' };
const relayRequest = (query: string) => ({ subresource: 'log', pod, query, method: 'GET', headers: [] });
const isRefused = (code: number, message: string) => (error: unknown) =>
  error instanceof StatusError && error.code === code && error.message === message;

async function setup() {
  const world = virtualWorld();
  const meter = new Meter();
  const table = memoryTable({ clock: world.clock });
  const mail = meteredTable({ table, count: (used) => meter.add('api', used) });
  const store = await createStore({ table, world, selectableFields: () => ({}) });
  const logs = createLogMail({ ...world, mail, store, secondsMax: 840 });
  const hub = {
    group: agentGroup,
    version: 'v1',
    resource: 'relays',
    subresource: 'chunks',
    namespace: '',
    isResource: true,
    isNamespaced: false,
    verb: '',
  };
  let requests = 0;

  async function sendChunk(id: string, chunk: NumberedChunk | undefined, nodeName = 'a'): Promise<RelayGrant> {
    requests += 1;
    const url = new URL(`https://api${chunksPath(id)}${chunk === undefined ? '' : `?number=${chunk.number}`}`);
    const request = new Request(url, chunk === undefined ? {} : { method: 'POST', body: Buffer.from(chunk.encoded) });
    const user = { name: `system:node:${nodeName}`, groups: ['system:nodes'] };
    const info = { ...hub, path: url.pathname, name: id };
    const answer = await answerChunk({ mail, clock: world.clock }, { request, url, info, user, connection: {} });
    return (await answer.json()) as RelayGrant;
  }
  const leaving = new AbortController();
  return {
    world,
    table,
    store,
    sendChunk,
    leaving,
    agent: (over: typeof sendChunk = sendChunk): LogMailer =>
      createLogMailer({ world, transport: { sendChunk: (id, chunk) => over(id, chunk) }, signal: new AbortController().signal }),
    waiting: (nodeName = 'a'): readonly RelayRequest[] => waitingOf(store.view(), nodeName, world.clock.now()),
    ask: (query = 'container=c', nodeName = 'a') => logs.fetch(nodeName, relayRequest(query), leaving.signal),
    /** What was asked so far: of the mailboxes, and of the API by the agent. */
    used(): Used {
      const { tableCalls, writeUnits, readUnits } = meter.read().api;
      return { tableCalls, writeUnits, readUnits, requests };
    },
  };
}

interface Used {
  readonly tableCalls: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly requests: number;
}

const since = (before: Used, after: Used): Used => ({
  tableCalls: after.tableCalls - before.tableCalls,
  writeUnits: after.writeUnits - before.writeUnits,
  readUnits: after.readUnits - before.readUnits,
  requests: after.requests - before.requests,
});

type Setup = Awaited<ReturnType<typeof setup>>;

/** A log that carries what a test puts into it. */
function spoken() {
  const written: Buffer[] = [];
  let isEnded = false;
  let next = Promise.withResolvers<void>();
  const notify = (): void => {
    next.resolve();
    next = Promise.withResolvers<void>();
  };
  return {
    write(text: string | Buffer) {
      written.push(Buffer.from(text));
      notify();
    },
    end() {
      isEnded = true;
      notify();
    },
    async *open(signal: AbortSignal): AsyncGenerator<Buffer> {
      signal.addEventListener('abort', notify, { once: true });
      while (!signal.aborted) {
        const bytes = written.shift();
        if (bytes !== undefined) yield bytes;
        else if (isEnded) return;
        else await next.promise;
      }
    },
  };
}

async function* chunksOf(...texts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

/** Moves the clock until it is settled. */
async function inTime<T>({ world }: Setup, promise: Promise<T>, secondsMax = 60): Promise<T> {
  let isSettled = false;
  const settled = (): void => void (isSettled = true);
  promise.then(settled, settled);
  for (let second = 0; second < secondsMax * 10 && !isSettled; second += 1) await world.advance(100);
  assert.ok(isSettled, 'it took too long');
  return promise;
}

/** Asks, and lets the agent answer as soon as it hears of it. */
async function answered(at: Setup, open: (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>, query?: string, mailer = at.agent()) {
  const asked = at.ask(query);
  await at.world.advance(1000);
  const [request] = at.waiting();
  const sent = mailer.send(request!, open);
  return { response: await inTime(at, asked), sent, id: request!.id };
}

/** Reads as it comes, until it ends or breaks. */
function reading(response: Response) {
  const heard = { text: '', isDone: false, isBroken: false };
  const reader = response.body!.getReader();
  const read = async (): Promise<void> => {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        heard.text += Buffer.from(value).toString();
      }
      heard.isDone = true;
    } catch (error) {
      assert.ok(error instanceof Error);
      heard.isBroken = true;
    }
  };
  void read();
  return { heard, leave: () => reader.cancel() };
}

describe('a log that goes by mail', () => {
  test('a log that goes by mail comes as it was written, in chunks', async () => {
    const at = await setup();
    const text = randomBytes(chunkBytesMax).toString('hex');
    const { response, sent } = await answered(at, async () => chunksOf(text.slice(0, 300_000), text.slice(300_000)));
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/plain']);
    assert.equal(await inTime(at, response.text()), text);
    await sent;
  });

  test('a log that goes by mail may be empty', async () => {
    const at = await setup();
    const { response } = await answered(at, async () => chunksOf());
    assert.equal(await inTime(at, response.text()), '');
  });

  test('a log that goes by mail that does not exist is answered with the agent’s Status', async () => {
    const at = await setup();
    const error = badRequest('container "c" in pod "web" is waiting to start: ContainerCreating');
    const { response } = await answered(at, () => Promise.reject(error));
    assert.deepEqual([response.status, response.headers.get('content-type')], [400, 'application/json']);
    assert.deepEqual(await inTime(at, response.json()), JSON.parse(JSON.stringify(error.toStatus())));
  });

  test('a log that goes by mail reaches its follower line by line, also after a long silence', async () => {
    const at = await setup();
    const log = spoken();
    log.write('one\n');
    const { response, sent } = await answered(at, async (signal) => log.open(signal), 'container=c&follow=true');
    const { heard } = reading(response);
    await at.world.advance(2000);
    assert.equal(heard.text, 'one\n');
    await at.world.advance(600_000);
    log.write('two\n');
    await at.world.advance(2000);
    assert.equal(heard.text, 'one\ntwo\n');
    log.write('three');
    log.end();
    await at.world.advance(3000);
    assert.deepEqual(heard, { text: 'one\ntwo\nthree', isDone: true, isBroken: false });
    await sent;
  });

  test('a log that goes by mail comes whole and once although one request or answer is lost', async () => {
    const lines = Array.from({ length: 6 }, (_, index) => `line ${index} ${'x'.repeat(200_000)}\n`);
    for (const isCarriedOut of [true, false]) {
      for (let lost = 1; ; lost += 1) {
        const at = await setup();
        let number = 0;
        const mailer = at.agent(async (id, chunk) => {
          number += 1;
          if (number !== lost) return at.sendChunk(id, chunk);
          if (isCarriedOut) await at.sendChunk(id, chunk);
          throw new TransportError('lost');
        });
        const { response } = await answered(at, async () => chunksOf(...lines), undefined, mailer);
        assert.equal(await inTime(at, response.text()), lines.join(''));
        if (number < lost) break;
      }
    }
  });
});

describe('whose log it is', () => {
  test('a chunk that is there stays as it is, and one beyond the grant is not taken', async () => {
    const at = await setup();
    const asked = at.ask();
    await at.world.advance(100);
    const { id } = at.waiting()[0]!;
    const chunk = (text: string, isLast = false) => encodeChunk({ sender: 1, code: 200, isLast, bytes: Buffer.from(text) });
    assert.deepEqual(await at.sendChunk(id, { number: 2, encoded: chunk('two', true) }), { upTo: 8, isOpen: true });
    await at.sendChunk(id, { number: 1, encoded: chunk('one ') });
    await at.sendChunk(id, { number: 1, encoded: chunk('other') });
    assert.deepEqual(await at.sendChunk(id, { number: 9, encoded: chunk('nine') }), { upTo: 8, isOpen: true });
    assert.equal(await inTime(at, (await inTime(at, asked)).text()), 'one two');
    assert.deepEqual(await at.table.readMail(`a/${id}/up`, 2), []);
  });

  test('only the node whose log was requested may send chunks of it', async () => {
    const at = await setup();
    const asked = at.ask();
    await at.world.advance(100);
    const { id } = at.waiting()[0]!;
    const encoded = encodeChunk({ sender: 1, code: 200, isLast: true, bytes: Buffer.from('forged') });
    const gone = isRefused(404, `relays.agent.hibernetes.dev "${id}" not found`);
    await assert.rejects(at.sendChunk(id, { number: 1, encoded }, 'b'), gone);
    await assert.rejects(at.sendChunk(id, undefined, 'b'), gone);
    assert.deepEqual(at.waiting('b'), []);
    await assert.rejects(
      at.sendChunk('guessed', { number: 1, encoded }),
      isRefused(404, 'relays.agent.hibernetes.dev "guessed" not found'),
    );
    const late = inTime(at, asked);
    await assert.rejects(late, isRefused(504, 'Timeout: the agent of node "a" did not answer within 30 seconds'));
    assert.deepEqual(await at.sendChunk(id, undefined), { upTo: 8, isOpen: false });
  });

  test('what is too large or has no number is refused', async () => {
    const at = await setup();
    const asked = at.ask();
    await at.world.advance(100);
    const { id } = at.waiting()[0]!;
    const send = (number: number, encoded: Buffer) => at.sendChunk(id, { number, encoded });
    await assert.rejects(
      send(1, Buffer.alloc(encodedBytesMax + 1)),
      isRefused(413, `Request entity too large: limit is ${encodedBytesMax}`),
    );
    for (const number of [0, -1, 1.5, Number.NaN])
      await assert.rejects(send(number, Buffer.alloc(1)), isRefused(400, 'the number of a chunk must be a whole number from 1'));
    at.leaving.abort();
    await assert.rejects(inTime(at, asked), isRefused(499, 'the client went away'));
  });

  test('a restarted agent does not continue the log that its predecessor began', async () => {
    const at = await setup();
    const log = spoken();
    log.write('one\n');
    const { response, id } = await answered(at, async (signal) => log.open(signal), 'container=c&follow=true');
    const { heard } = reading(response);
    await at.agent().send({ id }, async () => chunksOf('one\n', 'x'.repeat(chunkBytesMax), 'two\n'));
    await at.world.advance(10_000);
    assert.deepEqual(heard, { text: 'one\n', isDone: false, isBroken: true });
  });
});

describe('the end', () => {
  const chatty = async function* (signal: AbortSignal, counted: { bytes: number }): AsyncGenerator<Buffer> {
    for (const line = Buffer.alloc(64 << 10, 'chatter\n'); !signal.aborted; counted.bytes += line.length) yield line;
  };

  test('a client that leaves a silent log ends it within five seconds', async () => {
    const at = await setup();
    const log = spoken();
    const { response, sent } = await answered(at, async (signal) => log.open(signal), 'container=c&follow=true');
    const { leave } = reading(response);
    await at.world.advance(20_000);
    await leave();
    await inTime(at, sent, 6);
  });

  test('an agent is never far ahead of a client, waits for it, and stops when it has gone', async () => {
    const at = await setup();
    const counted = { bytes: 0 };
    const { response, sent, id } = await answered(at, async (signal) => chatty(signal, counted), 'container=c&follow=true');
    await at.world.advance(300_000);
    const aheadMax = 8 * chunkBytesMax + 2 * chunkBytesMax;
    assert.ok(counted.bytes <= aheadMax + chunkBytesMax, `${counted.bytes} bytes were read of the log`);
    assert.equal((await at.table.readNewestMail(`a/${id}/up`))?.number, 8 + 1);
    const { heard, leave } = reading(response);
    await at.world.advance(10_000);
    assert.ok(heard.text.length > 20 * chunkBytesMax, 'it goes on when there is room');
    await leave();
    await inTime(at, sent, 6);
    const { bytes } = counted;
    await at.world.advance(60_000);
    assert.equal(counted.bytes, bytes);
  });

  test('an agent stops within a minute when the client’s process is gone without a word', async () => {
    const at = await setup();
    const asked = at.ask();
    await at.world.advance(1000);
    const { id } = at.waiting()[0]!;
    asked.catch(() => undefined);
    const mailbox = `a/${id}/down`;
    await at.table.putMail({
      mailbox,
      number: 99,
      expiresMs: Infinity,
      body: Buffer.from(JSON.stringify({ upTo: 8, untilMs: at.world.clock.now() + 60_000 })),
    });
    const sent = at.agent().send({ id }, async (signal) => spoken().open(signal));
    await inTime(at, sent, 66);
  });

  test('an agent that becomes unresponsive, or cannot read on, breaks the log: it must not pass for whole', async () => {
    for (const fails of [true, false]) {
      const at = await setup();
      let isSilent = false;
      const mailer = at.agent((id, chunk) => (isSilent ? new Promise(() => undefined) : at.sendChunk(id, chunk)));
      const broken = async function* (): AsyncGenerator<Buffer> {
        yield Buffer.from('one\n');
        await at.world.clock.sleep(3000);
        if (fails) throw new Error('the disk is gone');
        isSilent = true;
        yield Buffer.from('two\n');
      };
      const { response } = await answered(at, async () => broken(), undefined, mailer);
      const { heard } = reading(response);
      await at.world.advance(5000);
      assert.deepEqual(heard, { text: 'one\n', isDone: false, isBroken: fails });
      await at.world.advance(60_000);
      assert.deepEqual(heard, { text: 'one\n', isDone: false, isBroken: true });
    }
  });

  test('when the host’s time is up, a log that is followed ends, and any other breaks', async () => {
    for (const follow of [true, false]) {
      const at = await setup();
      const log = spoken();
      log.write('one\n');
      const { response, sent } = await answered(at, async (signal) => log.open(signal), `container=c&follow=${follow}`);
      const { heard } = reading(response);
      await at.world.advance(836_000);
      assert.deepEqual([heard.isDone, heard.isBroken], [false, false]);
      await at.world.advance(4000);
      assert.deepEqual(heard, { text: 'one\n', isDone: follow, isBroken: !follow });
      await inTime(at, sent, 6);
    }
  });

  test('whatever happened, nothing is left after an hour', async () => {
    const at = await setup();
    const { response, id } = await answered(at, async () => chunksOf('one\n'));
    await inTime(at, response.text());
    await at.table.prune({ logIndex: 0, revision: 0, beforeMs: at.world.clock.now() + 3_601_000 });
    assert.deepEqual(await Promise.all(['up', 'down'].map((way) => at.table.readMail(`a/${id}/${way}`, 0))), [[], []]);
  });
});

describe('who waits', () => {
  test('a waiting client is announced for 30 seconds, and lets its node poll again soon for a minute', async () => {
    const at = await setup();
    const asked = at.ask('container=c&tailLines=5');
    await at.world.advance(100);
    const [{ id: _id, ...request }] = at.waiting() as [RelayRequest];
    assert.deepEqual(request, { ...relayRequest('container=c&tailLines=5'), transport: 'mailbox' });
    asked.catch(() => undefined);
    await at.world.advance(30_000);
    assert.deepEqual(at.waiting(), []);
    const isSought = (nodeName: string): boolean => isSoughtAfter(at.store.view(), nodeName, at.world.clock.now());
    assert.deepEqual([isSought('a'), isSought('b')], [true, false]);
    await at.world.advance(30_000);
    assert.equal(isSought('a'), false);
  });

  test('fifty clients may wait at a node: more are refused until one of them goes', async () => {
    const at = await setup();
    const results = Array.from({ length: 51 }, () => at.ask().catch((error: unknown) => error));
    await at.world.advance(1000);
    assert.equal(at.waiting().length, 50);
    const refused = await Promise.race(results);
    assert.ok(isRefused(429, 'too many connections wait for node "a", please try again later')(refused));
    const other = at.ask('', 'b').catch((error: unknown) => error);
    await at.world.advance(100);
    assert.equal(at.waiting('b').length, 1);
    await at.world.advance(31_000);
    const late = at.ask();
    await at.world.advance(100);
    assert.equal(at.waiting().length, 1);
    at.leaving.abort();
    await Promise.allSettled([...results, other, late]);
  });
});

describe('what it costs', () => {
  test('a short log: nine calls, besides the change in the log that polls read', async () => {
    const at = await setup();
    const before = at.used();
    const { response } = await answered(at, async () => chunksOf('one\n'));
    await inTime(at, response.text());
    assert.deepEqual(since(before, at.used()), { tableCalls: 9, writeUnits: 2, readUnits: 7, requests: 1 });
  });

  test('a quiet minute of a log that is followed', async () => {
    const at = await setup();
    const { response } = await answered(at, async (signal) => spoken().open(signal), 'container=c&follow=true');
    const { leave } = reading(response);
    await at.world.advance(60_000);
    const before = at.used();
    await at.world.advance(60_000);
    assert.deepEqual(since(before, at.used()), { tableCalls: 87, writeUnits: 15, readUnits: 72, requests: 12 });
    await leave();
  });

  test('a megabyte: a tenth of a unit for each kilobyte where lines are alike, and one where they are noise', async () => {
    const cost = async (text: string): Promise<Used> => {
      const at = await setup();
      const before = at.used();
      const { response } = await answered(at, async () => chunksOf(text));
      assert.equal((await inTime(at, response.text())).length, text.length);
      return since(before, at.used());
    };
    const line = (index: number): string =>
      `2026-01-01T00:${index % 60}:01.${index}Z GET /api/v1/items/${index * 7919} 200 ${index % 89}ms\n`;
    const lines = Array.from({ length: 20_000 }, (_, index) => line(index))
      .join('')
      .slice(0, 2 ** 20);
    const alike = await cost(lines);
    assert.ok(alike.writeUnits < 300 && alike.readUnits < 120 && alike.requests <= 5, JSON.stringify(alike));
    const noise = await cost(randomBytes(2 ** 19).toString('hex'));
    assert.ok(noise.writeUnits < 700 && noise.readUnits < 220 && noise.requests <= 5, JSON.stringify(noise));
  });
});
