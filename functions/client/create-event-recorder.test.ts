import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../test/support/api-server.ts';
import type { VirtualWorld } from '../../test/support/virtual-world.ts';
import type { Event } from '../kube/generated/types.ts';
import { events } from '../kube/resource-type.ts';
import type { Client } from './client.ts';
import { createEventRecorder, type QueuedEventRecorder } from './create-event-recorder.ts';
import { createHttpClient } from './http-client.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u-1', resourceVersion: '7' } };

interface Recording {
  readonly world: VirtualWorld;
  readonly client: Client;
  readonly recorder: QueuedEventRecorder;
  written(): Promise<Event[]>;
}

/** `untilSent`: what each request waits for. */
async function recording(untilSent: () => Promise<void> = async () => {}): Promise<Recording> {
  const api = await testApi();
  const { world } = api;
  const fetch = async (request: Request): Promise<Response> => {
    if (request.method !== 'GET') await untilSent();
    const body = await request.text();
    return api.fetch(new URL(request.url).pathname, { method: request.method, headers: request.headers, ...(body === '' ? {} : { body }) });
  };
  const client = createHttpClient({ fetch });
  const recorder = createEventRecorder({ client, world, component: 'test-controller' });
  const written = async (): Promise<Event[]> => {
    await recorder.flush();
    return (await client.list(events)).items;
  };
  return { world, client, recorder, written };
}

test('an event names its object, its reason and its reporter', async () => {
  const { recorder, written } = await recording();
  recorder.event(pod, 'Normal', 'Started', 'Started container c', { fieldPath: 'spec.containers{c}' });
  const [event, ...others] = await written();
  assert.deepEqual(others, []);
  assert.deepEqual(event?.involvedObject, {
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'p',
    namespace: 'default',
    uid: 'u-1',
    resourceVersion: '7',
    fieldPath: 'spec.containers{c}',
  });
  assert.match(event?.metadata.name ?? '', /^p\.[0-9a-f]{16}$/);
  const { type, reason, message, source, count, firstTimestamp, lastTimestamp } = event ?? {};
  assert.deepEqual(
    { type, reason, message, source, count, firstTimestamp, lastTimestamp },
    {
      type: 'Normal',
      reason: 'Started',
      message: 'Started container c',
      source: { component: 'test-controller' },
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
    },
  );
});

test('a repeat counts up and moves the last time', async () => {
  const { world, recorder, written } = await recording();
  for (let round = 0; round < 3; round += 1) {
    recorder.event(pod, 'Warning', 'BackOff', 'Back-off restarting');
    await world.advance(10_000);
  }
  const all = await written();
  assert.deepEqual(
    all.map(({ count, firstTimestamp, lastTimestamp }) => ({ count, firstTimestamp, lastTimestamp })),
    [{ count: 3, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:20Z' }],
  );
});

test('many messages of one reason become one event', async () => {
  const { recorder, written } = await recording();
  for (let round = 0; round < 13; round += 1) recorder.event(pod, 'Warning', 'Failed', `attempt ${round}`);
  const all = await written();
  assert.equal(all.length, 11);
  const combined = all.filter(({ message }) => message?.startsWith('(combined from similar events): ') === true);
  assert.deepEqual(
    combined.map(({ message, count }) => ({ message, count })),
    [{ message: '(combined from similar events): attempt 12', count: 3 }],
  );
});

test('one object may not flood the cluster', async () => {
  const { recorder, written } = await recording();
  for (let round = 0; round < 100; round += 1) recorder.event(pod, 'Normal', `Reason${round}`, 'again');
  assert.equal((await written()).length, 25);
});

test('an event that was deleted meanwhile is written anew', async () => {
  const { client, recorder, written } = await recording();
  recorder.event(pod, 'Normal', 'Pulled', 'pulled');
  const [first] = await written();
  await client.delete(events, { namespace: 'default', name: first?.metadata.name ?? '' });
  recorder.event(pod, 'Normal', 'Pulled', 'pulled');
  assert.deepEqual(
    (await written()).map(({ count }) => count),
    [1],
  );
});

test('an event that is recorded while another one is written is written, too', { timeout: 20_000 }, async () => {
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { recorder, written } = await recording(() => {
    begun.resolve();
    return held.promise;
  });
  recorder.event(pod, 'Normal', 'Pulled', 'pulled');
  await begun.promise;
  recorder.event(pod, 'Normal', 'Started', 'started');
  held.resolve();
  const all = await written();
  assert.deepEqual(new Set(all.map(({ reason }) => reason)), new Set(['Pulled', 'Started']));
});

test('an Event that the apiserver does not take is logged', async () => {
  const { world, recorder, written } = await recording();
  recorder.event({ ...pod, metadata: { ...pod.metadata, namespace: 'nowhere' } }, 'Normal', 'Pulled', 'pulled');
  assert.deepEqual(await written(), []);
  assert.deepEqual(
    world.lines.map(({ message }) => message),
    ['an event could not be written'],
  );
});
