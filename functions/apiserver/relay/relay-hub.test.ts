import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { createRelayHub } from './relay-hub.ts';

const relayRequest = {
  transport: 'stream',
  subresource: 'log',
  pod: { namespace: 'default', name: 'web', uid: 'u1' },
  query: '',
  method: 'GET',
  headers: [],
} as const;

const never = new AbortController().signal;
const finish = (): void => undefined;
const side = { transport: 'stream', request: new Request('http://a'), finish } as const;

test('the client gets the name of the node whose agent does not answer within ten seconds', async () => {
  const world = virtualWorld();
  const hub = createRelayHub(world);
  const refused = assert.rejects(hub.ask('a', relayRequest, never), {
    code: 504,
    reason: 'Timeout',
    message: 'Timeout: the agent of node "a" did not answer within 10 seconds',
  });
  await world.advance(9_999);
  assert.equal(hub.pending('a').length, 1);
  await world.advance(1);
  await refused;
  assert.equal(hub.pending('a').length, 0);
});

test('an agent gets a relay at once, and again when it did not fetch it', async () => {
  const world = virtualWorld();
  const hub = createRelayHub(world);
  const nodes: string[] = [];
  hub.onAsked((nodeName) => nodes.push(nodeName));
  const asked = hub.ask('a', relayRequest, never);
  assert.deepEqual([nodes, hub.isUrgent('a'), hub.isUrgent('b')], [['a'], true, false]);
  const [request] = hub.pending('a');
  assert.deepEqual([hub.isUrgent('a'), hub.hasPending('a')], [false, true]);
  await world.advance(2_000);
  assert.equal(hub.isUrgent('a'), true);
  assert.equal(hub.answer(request!.id, 'b', side), false);
  assert.equal(hub.answer(request!.id, 'a', side), true);
  assert.equal(hub.answer(request!.id, 'a', side), false);
  assert.equal(await asked, side);
});

test('a client that leaves is forgotten', async () => {
  const hub = createRelayHub(virtualWorld());
  const leaving = new AbortController();
  const asked = hub.ask('a', relayRequest, leaving.signal);
  leaving.abort();
  await assert.rejects(asked, { code: 499 });
  assert.deepEqual(hub.pending('a'), []);
});

test('too many that wait for one node do not keep others from theirs', async () => {
  const hub = createRelayHub(virtualWorld());
  const waiting = new AbortController();
  const all = Array.from({ length: 200 }, () => hub.ask('a', relayRequest, waiting.signal).catch(() => undefined));
  await assert.rejects(hub.ask('a', relayRequest, never), { code: 429, reason: 'TooManyRequests' });
  const other = hub.ask('b', relayRequest, never);
  hub.answer(hub.pending('b')[0]!.id, 'b', side);
  await other;
  waiting.abort();
  await Promise.all(all);
});
