import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { ObjectName } from '../kube/object.ts';
import { retryDelayMs, WorkQueue } from './work-queue.ts';

const web: ObjectName = { namespace: 'default', name: 'web' };
const db: ObjectName = { namespace: 'default', name: 'db' };

describe('a work queue', () => {
  test('a work queue gives out a request once, however often it was added', () => {
    const queue = new WorkQueue(virtualWorld().clock);
    queue.add(web);
    queue.add(db);
    queue.add(web);
    assert.deepEqual([queue.take(), queue.take(), queue.take()], [web, db, undefined]);
  });

  test('a work queue keeps a request back while it is being reconciled, and gives it out again afterwards', () => {
    const queue = new WorkQueue(virtualWorld().clock);
    queue.add(web);
    queue.take();
    queue.add(web);
    assert.equal(queue.take(), undefined);
    queue.done(web);
    assert.deepEqual(queue.take(), web);
    queue.done(web);
    assert.equal(queue.take(), undefined);
  });

  test('a work queue brings failures back after 5 ms, doubling, at most 1000 s', async () => {
    const world = virtualWorld();
    const queue = new WorkQueue(world.clock);
    queue.add(web);
    for (const delayMs of [5, 10, 20]) {
      queue.take();
      assert.equal(queue.failed(web), delayMs);
      assert.equal(queue.take(), undefined);
      await world.advance(delayMs);
    }
    assert.deepEqual(queue.take(), web);
    assert.deepEqual([18, 19, 1000].map(retryDelayMs), [655_360, 1_000_000, 1_000_000]);
  });

  test('a work queue forgets failures after a success', () => {
    const queue = new WorkQueue(virtualWorld().clock);
    queue.add(web);
    queue.take();
    queue.failed(web);
    queue.add(web);
    queue.take();
    queue.done(web);
    queue.add(web);
    queue.take();
    assert.equal(queue.failed(web), 5);
  });

  test('a work queue lets every outcome replace what was planned before', () => {
    const queue = new WorkQueue(virtualWorld().clock);
    queue.add(web);
    queue.take();
    queue.done(web, { afterMs: 60_000 });
    queue.add(web);
    queue.take();
    queue.done(web);
    assert.equal(queue.nextMs(), undefined);
  });

  test('a work queue keeps a note through failures and runs until the request settles', () => {
    const { clock } = virtualWorld();
    const queue = new WorkQueue(clock);
    queue.add(web);
    queue.take();
    queue.done(web, { afterMs: 0, note: { sinceMs: 1 } });
    queue.take();
    queue.failed(web);
    const next = new WorkQueue(clock);
    for (const pending of queue.pending()) next.restore(pending);
    assert.deepEqual(next.noteFor(web), { sinceMs: 1 });
    next.add(web);
    next.take();
    next.done(web);
    assert.equal(next.noteFor(web), undefined);
  });

  test('a work queue names everything that is left, and takes it up again', async () => {
    const world = virtualWorld();
    const nowMs = world.clock.now();
    const queue = new WorkQueue(world.clock);
    for (const name of ['running', 'failed', 'later', 'ready']) queue.add({ namespace: '', name });
    for (let taken = 0; taken < 3; taken += 1) queue.take();
    queue.failed({ namespace: '', name: 'failed' });
    queue.done({ namespace: '', name: 'later' }, { afterMs: 60_000 });
    const left = queue.pending();
    assert.deepEqual(left, [
      { namespace: '', name: 'failed', atMs: nowMs + 5, failures: 1 },
      { namespace: '', name: 'later', atMs: nowMs + 60_000 },
      { namespace: '', name: 'ready', atMs: 0 },
      { namespace: '', name: 'running', atMs: 0 },
    ]);
    const next = new WorkQueue(world.clock);
    for (const pending of left) next.restore(pending);
    assert.deepEqual([next.readyCount, next.nextMs()], [2, nowMs + 5]);
    await world.advance(60_000);
    assert.equal(next.readyCount, 4);
  });

  test('a work queue serves a thousand delayed requests in order of time', async () => {
    const world = virtualWorld(7);
    const queue = new WorkQueue(world.clock);
    const times = Array.from({ length: 1000 }, () => 1 + Math.floor(world.random.next() * 500));
    for (const [index, delayMs] of times.entries()) {
      const request = { namespace: '', name: `${index}` };
      queue.add(request);
      queue.take();
      queue.done(request, { afterMs: 2 * delayMs });
      queue.add(request);
      queue.take();
      queue.done(request, { afterMs: delayMs });
    }
    const served: (number | undefined)[] = [];
    for (let ms = 1; ms <= 501; ms += 1) {
      await world.advance(1);
      for (let request = queue.take(); request !== undefined; request = queue.take()) {
        served.push(times[Number(request.name)]);
        queue.done(request);
      }
    }
    assert.deepEqual(
      served,
      times.toSorted((a, b) => a - b),
    );
  });
});
