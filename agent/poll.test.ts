import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodStatus } from '../functions/kube/generated/types.ts';
import type { NodePollRequest, NodePollResponse } from '../functions/node-protocol/node-poll.ts';
import { StatusError } from '../functions/kube/status-error.ts';
import { virtualWorld } from '../test/support/virtual-world.ts';
import { createPollLoop, TransportError } from './poll.ts';

const pod: Pod = { metadata: { name: 'web', namespace: 'default', uid: 'u1' }, spec: { containers: [] } };
const empty = (revision: string): NodePollResponse => ({
  revision,
  snapshot: false,
  objects: [],
  gone: [],
  relays: [],
  pollAfterSeconds: 0,
});

/** A server that holds each request until the test answers it. */
function conversation() {
  const world = virtualWorld();
  const asked: { request: NodePollRequest; answer: (answer: NodePollResponse) => void; fail: (error: Error) => void }[] = [];
  const end = new AbortController();
  let unknown = 0;
  const loop = createPollLoop({
    ...world,
    pollSeconds: 20,
    onAnswer: async () => {},
    onUnknownNode: async () => {
      unknown += 1;
    },
    transport: {
      poll: (request, signal) =>
        new Promise((answer, fail) => {
          asked.push({ request, answer, fail });
          signal.addEventListener('abort', () => fail(new TransportError('aborted')));
        }),
    },
  });
  const running = loop.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await world.settle();
    await running;
  };
  return { world, loop, asked, stop, unknown: () => unknown };
}

test('the first poll asks for everything; later ones ask for changes, and let the server wait', async () => {
  const { world, asked, stop } = conversation();
  await world.settle();
  assert.deepEqual(asked[0]!.request, { waitSeconds: 0 });
  asked[0]!.answer(empty('7'));
  await world.settle();
  assert.deepEqual(asked[1]!.request, { since: '7', waitSeconds: 20 });
  await stop();
});

test('ends the held request when there is something to report, and repeats the report until it is acknowledged', async () => {
  const { world, loop, asked, stop } = conversation();
  await world.settle();
  asked[0]!.answer(empty('7'));
  await world.settle();
  loop.report(pod, { phase: 'Running' }, false);
  await world.advance(100);
  const report = { namespace: 'default', name: 'web', uid: 'u1', status: { phase: 'Running' } };
  assert.deepEqual(asked[2]!.request, { since: '7', waitSeconds: 0, pods: [report] });
  asked[2]!.fail(new TransportError('connection reset'));
  await world.advance(1000);
  assert.deepEqual(asked[3]!.request, { since: '7', waitSeconds: 0, pods: [report] });
  asked[3]!.answer(empty('9'));
  await world.settle();
  assert.deepEqual(asked[4]!.request, { since: '9', waitSeconds: 20 });
  loop.report(pod, { phase: 'Running' }, false);
  await world.advance(100);
  assert.equal(asked.length, 5, 'the same status is not worth a word');
  await stop();
});

test('keeps a report that changed while the request was under way', async () => {
  const { world, loop, asked, stop } = conversation();
  loop.report(pod, { phase: 'Pending' }, false);
  await world.settle();
  const first = asked[0]!;
  loop.report(pod, { phase: 'Running' }, false);
  first.answer(empty('3'));
  await world.settle();
  const phases = asked.map(({ request }) => request.pods?.map(({ status }) => status.phase));
  assert.deepEqual(phases.at(-1), ['Running']);
  await stop();
});

test('waits longer after each failure, and makes an unknown node known', async () => {
  const { world, asked, stop, unknown } = conversation();
  await world.settle();
  asked[0]!.fail(new StatusError(404, 'NotFound', 'nodes "a" not found'));
  await world.advance(1000);
  assert.equal(unknown(), 1);
  assert.equal(asked.length, 2);
  const waitedSeconds: number[] = [];
  for (let failure = 0; failure < 8; failure += 1) {
    const before: number = asked.length;
    asked.at(-1)!.fail(new TransportError('refused'));
    let seconds = 0;
    for (; asked.length === before && seconds <= 20; seconds += 1) await world.advance(1000);
    waitedSeconds.push(seconds);
  }
  assert.ok(
    waitedSeconds.every((seconds) => seconds <= 20),
    String(waitedSeconds),
  );
  assert.ok(Math.max(...waitedSeconds) > 5, String(waitedSeconds));
  await stop();
});

test('gives up on an answer that does not come', async () => {
  const { world, asked, stop } = conversation();
  await world.settle();
  asked[0]!.answer(empty('1'));
  await world.settle();
  await world.advance(40_000);
  assert.equal(asked.length, 3);
  await stop();
});

test('a status that another client changed is overruled, but not while a newer report is under way', async () => {
  const { world, loop, asked, stop } = conversation();
  const ready = (status: string): PodStatus => ({ phase: 'Running', conditions: [{ type: 'Ready', status }] });
  const inApi = (status: string): Pod => ({ ...pod, status: { ...ready(status), qosClass: 'BestEffort' } });
  await world.settle();
  assert.equal(loop.isOverruled(inApi('False')), false);
  loop.report(pod, ready('True'), false);
  asked[0]!.answer(empty('7'));
  await world.settle();
  assert.equal(loop.isOverruled(inApi('False')), false);
  asked[1]!.answer(empty('8'));
  await world.settle();
  assert.deepEqual([loop.isOverruled(inApi('True')), loop.isOverruled(inApi('False'))], [false, true]);
  await stop();
});

test('a server that has forgotten where the node was is asked for everything again', async () => {
  const { world, asked, stop } = conversation();
  await world.settle();
  asked[0]!.answer(empty('7'));
  await world.settle();
  asked[1]!.fail(new StatusError(410, 'Expired', 'too old'));
  await world.advance(1000);
  assert.deepEqual(asked[2]!.request, { waitSeconds: 20 });
  await stop();
});

test('a poll carries the node’s status when it changed, and again when the server asks for it', async () => {
  const { world, loop, asked, stop } = conversation();
  await world.settle();
  asked[0]!.answer(empty('1'));
  await world.settle();
  loop.setStatus({ phase: 'a' });
  await world.advance(100);
  assert.deepEqual(asked[2]!.request, { since: '1', waitSeconds: 0, status: { phase: 'a' } });
  asked[2]!.answer(empty('2'));
  await world.settle();
  loop.setStatus({ phase: 'a' });
  await world.advance(100);
  assert.equal(asked.length, 4, 'the same is no news');
  loop.repeatStatus();
  asked[3]!.answer(empty('3'));
  await world.settle();
  assert.deepEqual(asked[4]!.request.status, { phase: 'a' });
  await stop();
});

test('a poll carries no report of a pod that was forgotten', async () => {
  const { world, loop, asked, stop } = conversation();
  loop.report(pod, { phase: 'Running' }, true);
  loop.forget('u1');
  await world.settle();
  assert.deepEqual(asked[0]!.request, { waitSeconds: 0 });
  await stop();
});

test('a server that wants a pause gets one, unless there is news', async () => {
  const { world, loop, asked, stop } = conversation();
  await world.settle();
  asked[0]!.answer({ ...empty('1'), pollAfterSeconds: 30 });
  await world.advance(29_000);
  assert.equal(asked.length, 1);
  await world.advance(1000);
  assert.equal(asked.length, 2);
  asked[1]!.answer({ ...empty('2'), pollAfterSeconds: 30 });
  await world.settle();
  loop.report(pod, { phase: 'Running' }, false);
  await world.advance(100);
  assert.equal(asked.length, 3);
  await stop();
});
