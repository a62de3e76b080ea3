import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VirtualWorld } from '../../../test/support/virtual-world.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { RunOutcome } from '../run.ts';
import type { LocalDispatcher } from './local-dispatcher.ts';
import { createLocalDispatcher } from './local-dispatcher.ts';

interface Setup {
  readonly world: VirtualWorld;
  readonly dispatcher: LocalDispatcher;
  /** The number of runs so far. */
  runs(): number;
}

async function setup(run: (world: VirtualWorld, count: number) => Promise<RunOutcome>): Promise<Setup> {
  const world = virtualWorld();
  let runs = 0;
  const dispatcher = createLocalDispatcher({
    world,
    groups: {
      workers: () => {
        runs += 1;
        return run(world, runs);
      },
    },
  });
  dispatcher.start();
  await world.settle();
  return { world, dispatcher, runs: () => runs };
}

const quiet: RunOutcome = { outcome: 'quiet' };

const slow = async (world: VirtualWorld): Promise<RunOutcome> => {
  await world.clock.sleep(100);
  return quiet;
};

describe('a local dispatcher', () => {
  test('a local dispatcher starts one run at first, and one for each ring', async () => {
    const { world, dispatcher, runs } = await setup(async () => quiet);
    assert.equal(runs(), 1);
    dispatcher.ring('workers');
    await world.settle();
    assert.equal(runs(), 2);
  });

  test('a local dispatcher starts one more run for any number of rings during a run', async () => {
    const { world, dispatcher, runs } = await setup(slow);
    for (let ring = 0; ring < 5; ring += 1) dispatcher.ring('workers');
    await world.advance(99);
    assert.equal(runs(), 1);
    await world.advance(1000);
    assert.equal(runs(), 2);
  });

  test('a local dispatcher may be rung by the run itself', async () => {
    const world = virtualWorld();
    let runs = 0;
    const dispatcher = createLocalDispatcher({
      world,
      groups: {
        async workers() {
          runs += 1;
          if (runs < 3) dispatcher.ring('workers');
          return quiet;
        },
      },
    });
    dispatcher.start();
    await world.settle();
    assert.equal(runs, 3);
  });

  test('a local dispatcher goes on at once when work is left', async () => {
    const { runs } = await setup(async (_world, count) => (count < 3 ? { outcome: 'more' } : quiet));
    assert.equal(runs(), 3);
  });

  test('a local dispatcher wakes at the deadline, and each minute in case a ring was lost', async () => {
    const { world, runs } = await setup(async ({ clock }, count) =>
      count === 1 ? { outcome: 'quiet', nextDeadlineMs: clock.now() + 5000 } : quiet,
    );
    await world.advance(4999);
    assert.equal(runs(), 1);
    await world.advance(1);
    assert.equal(runs(), 2);
    await world.advance(59_999);
    assert.equal(runs(), 2);
    await world.advance(1);
    assert.equal(runs(), 3);
  });

  test('a local dispatcher tries again later after a run failed, and not for each ring', async () => {
    const { world, dispatcher, runs } = await setup(async (_world, count) => {
      if (count < 4) throw new Error('the store is down');
      return quiet;
    });
    dispatcher.ring('workers');
    await world.settle();
    assert.equal(runs(), 1);
    await world.advance(1000);
    assert.equal(runs(), 2);
    await world.advance(2000);
    assert.equal(runs(), 3);
    assert.equal(world.lines.filter(({ message }) => message === 'run failed').length, 3);
  });

  test('a local dispatcher waits for the run under way when it is stopped, and starts none afterwards', async () => {
    const { world, dispatcher, runs } = await setup(slow);
    let stopped = false;
    void dispatcher.stop().then(() => {
      stopped = true;
    });
    await world.settle();
    assert.equal(stopped, false);
    await world.advance(100);
    assert.equal(stopped, true);
    dispatcher.ring('workers');
    await world.advance(120_000);
    assert.equal(runs(), 1);
  });
});
