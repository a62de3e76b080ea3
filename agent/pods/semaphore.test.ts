import assert from 'node:assert/strict';
import { test } from 'node:test';
import { semaphore, SemaphoreClosed } from './semaphore.ts';

test('a slot is free again after a failure, and those who wait get it in turn', async () => {
  const one = semaphore(1);
  const order: string[] = [];
  const work = (name: string, fails = false) =>
    one.run(async () => {
      order.push(name);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([work('a', true), work('b'), work('c')]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  assert.deepEqual(order, ['a', 'b', 'c']);
});

test('when it is closed, what has begun ends and what waits is refused', async () => {
  const one = semaphore(1);
  const first = Promise.withResolvers<string>();
  const begun = one.run(() => first.promise);
  const waiting = one.run(async () => 'never');
  let isIdle = false;
  const closing = one.close().then(() => (isIdle = true));
  await assert.rejects(waiting, SemaphoreClosed);
  await assert.rejects(
    one.run(async () => 'never'),
    SemaphoreClosed,
  );
  assert.equal(isIdle, false);
  first.resolve('done');
  assert.equal(await begun, 'done');
  await closing;
  await semaphore(2).close();
});
