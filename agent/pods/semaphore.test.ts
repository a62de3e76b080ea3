import assert from 'node:assert/strict';
import { test } from 'node:test';
import { semaphore } from './semaphore.ts';

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
