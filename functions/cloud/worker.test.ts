import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingDoorbell } from '../../test/support/recording-doorbell.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import type { SessionOutcome } from '../workers/session.ts';
import { createWorkerHandler } from './worker.ts';
import { createWorkerNotes } from './worker-notes.ts';

const event = { Records: [{ messageId: '1', body: '{}' }] };
const done = { batchItemFailures: [] };

function worker(session: (signal: AbortSignal) => Promise<SessionOutcome>, openFails = 0) {
  const world = virtualWorld();
  const doorbell = recordingDoorbell();
  const notes = createWorkerNotes(memoryTable({ clock: world.clock }), world.clock);
  let [opened, failures] = [0, openFails];
  const handler = createWorkerHandler({
    group: 'controllers',
    doorbell,
    notes,
    world,
    async open() {
      opened += 1;
      if ((failures -= 1) >= 0) throw new Error('no table');
      return { revision: () => 7, session };
    },
  });
  const invoke = (remainingMs = 60_000) => handler(event, { getRemainingTimeInMillis: () => remainingMs });
  return { invoke, doorbell, notes, world, opened: () => opened };
}

test('a quiet session rings nobody and leaves a note', async () => {
  const { invoke, doorbell, notes, world, opened } = worker(async () => ({ outcome: 'quiet' }));
  assert.deepEqual(await invoke(), done);
  await invoke();
  assert.equal(opened(), 1);
  assert.deepEqual(doorbell.rings, []);
  assert.deepEqual((await notes.read()).get('controllers'), { state: 'asleep', revision: 7, atMs: world.clock.now() });
});

test('work that is left is rung for at once, and a deadline once', async () => {
  const outcomes: SessionOutcome[] = [
    { outcome: 'more' },
    { outcome: 'quiet', nextDeadlineMs: Date.UTC(2026, 0, 1) + 5_000 },
    { outcome: 'quiet', nextDeadlineMs: Date.UTC(2026, 0, 1) + 5_000 },
  ];
  const { invoke, doorbell } = worker(async () => outcomes.shift()!);
  for (let times = 0; times < 3; times += 1) await invoke();
  assert.deepEqual(doorbell.rings, ['ring controllers again', 'after controllers 5000']);
});

test('a session that fails fails no message: it is rung for again later', async () => {
  const { invoke, doorbell, world } = worker(() => Promise.reject(new Error('boom')));
  assert.deepEqual(await invoke(), done);
  assert.deepEqual(doorbell.rings, ['after controllers 5000']);
  assert.equal(world.lines.at(-1)?.message, 'session failed');
});

test('what could not be opened is opened anew', async () => {
  const { invoke, doorbell, opened } = worker(async () => ({ outcome: 'quiet' }), 1);
  await invoke();
  await invoke();
  assert.equal(opened(), 2);
  assert.deepEqual(doorbell.rings, ['after controllers 5000']);
});

test('a session is told to end before the function is ended', async () => {
  const { invoke, world } = worker(
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ outcome: 'more' }))),
  );
  const invoked = invoke(60_000);
  await world.advance(51_999);
  let isOver = false;
  void invoked.then(() => (isOver = true));
  await world.settle();
  assert.equal(isOver, false);
  await world.advance(1);
  assert.deepEqual(await invoked, done);
});
