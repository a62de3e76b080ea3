import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VirtualWorld } from '../../../test/support/virtual-world.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { SessionOutcome } from '../session.ts';
import type { LocalDispatcher } from './local-dispatcher.ts';
import { createLocalDispatcher } from './local-dispatcher.ts';

interface Setup {
  readonly world: VirtualWorld;
  readonly dispatcher: LocalDispatcher;
  /** The number of sessions so far. */
  sessions(): number;
}

async function setup(session: (world: VirtualWorld, count: number) => Promise<SessionOutcome>): Promise<Setup> {
  const world = virtualWorld();
  let sessions = 0;
  const dispatcher = createLocalDispatcher({
    world,
    groups: {
      workers: () => {
        sessions += 1;
        return session(world, sessions);
      },
    },
  });
  dispatcher.start();
  await world.settle();
  return { world, dispatcher, sessions: () => sessions };
}

const quiet: SessionOutcome = { outcome: 'quiet' };

const slow = async (world: VirtualWorld): Promise<SessionOutcome> => {
  await world.clock.sleep(100);
  return quiet;
};

describe('a local dispatcher', () => {
  test('a local dispatcher runs one session at the start, and one for each ring', async () => {
    const { world, dispatcher, sessions } = await setup(async () => quiet);
    assert.equal(sessions(), 1);
    dispatcher.ring('workers');
    await world.settle();
    assert.equal(sessions(), 2);
  });

  test('a local dispatcher runs one more session for any number of rings during a session', async () => {
    const { world, dispatcher, sessions } = await setup(slow);
    for (let ring = 0; ring < 5; ring += 1) dispatcher.ring('workers');
    await world.advance(99);
    assert.equal(sessions(), 1);
    await world.advance(1000);
    assert.equal(sessions(), 2);
  });

  test('a local dispatcher may be rung by the session itself', async () => {
    const world = virtualWorld();
    let sessions = 0;
    const dispatcher = createLocalDispatcher({
      world,
      groups: {
        async workers() {
          sessions += 1;
          if (sessions < 3) dispatcher.ring('workers');
          return quiet;
        },
      },
    });
    dispatcher.start();
    await world.settle();
    assert.equal(sessions, 3);
  });

  test('a local dispatcher goes on at once when work is left', async () => {
    const { sessions } = await setup(async (_world, count) => (count < 3 ? { outcome: 'more' } : quiet));
    assert.equal(sessions(), 3);
  });

  test('a local dispatcher wakes at the deadline, and each minute in case a ring was lost', async () => {
    const { world, sessions } = await setup(async ({ clock }, count) =>
      count === 1 ? { outcome: 'quiet', nextDeadlineMs: clock.now() + 5000 } : quiet,
    );
    await world.advance(4999);
    assert.equal(sessions(), 1);
    await world.advance(1);
    assert.equal(sessions(), 2);
    await world.advance(59_999);
    assert.equal(sessions(), 2);
    await world.advance(1);
    assert.equal(sessions(), 3);
  });

  test('a local dispatcher tries again later after a session failed, and not for each ring', async () => {
    const { world, dispatcher, sessions } = await setup(async (_world, count) => {
      if (count < 4) throw new Error('the store is down');
      return quiet;
    });
    dispatcher.ring('workers');
    await world.settle();
    assert.equal(sessions(), 1);
    await world.advance(1000);
    assert.equal(sessions(), 2);
    await world.advance(2000);
    assert.equal(sessions(), 3);
    assert.equal(world.lines.filter(({ message }) => message === 'session failed').length, 3);
  });

  test('a local dispatcher waits for the running session when it is stopped, and runs none afterwards', async () => {
    const { world, dispatcher, sessions } = await setup(slow);
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
    assert.equal(sessions(), 1);
  });
});
