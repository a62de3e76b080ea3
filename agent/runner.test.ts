import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualWorld } from '../test/support/virtual-world.ts';
import { createRunner } from './runner.ts';

describe('a runner', () => {
  test('a runner works once more when asked meanwhile, and never twice at a time', async () => {
    const world = virtualWorld();
    const ends: (() => void)[] = [];
    let begun = 0;
    const runner = createRunner(world, 'the work', async () => {
      begun += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
    });
    for (let request = 0; request < 3; request += 1) runner.request();
    assert.equal(begun, 1);
    ends.shift()!();
    await world.settle();
    assert.equal(begun, 2);
    ends.shift()!();
    await world.advance(60_000);
    assert.equal(begun, 2);
  });

  test('a runner tries again after a failure, later each time, until it is stopped', async () => {
    const world = virtualWorld();
    const atMs: number[] = [];
    const runner = createRunner(world, 'the work', async () => {
      atMs.push(world.clock.monotonicMs());
      throw new Error('no');
    });
    runner.request();
    await world.advance(3000);
    assert.deepEqual(atMs, [0, 200, 600, 1400, 3000]);
    await runner.stop();
    await world.advance(60_000);
    assert.equal(atMs.length, 5);
    assert.deepEqual(world.lines[0], {
      level: 'warn',
      message: 'a part of the node is not up to date; it is tried again',
      keys: { what: 'the work', error: 'no', delayMs: 200 },
    });
  });
});
