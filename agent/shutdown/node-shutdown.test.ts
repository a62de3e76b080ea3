import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pod } from '../../test/support/node-pod.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { goingDownOf } from './logind.ts';
import { createNodeShutdown } from './node-shutdown.ts';

/** A node of three pods; `takes` is how many seconds each takes to end, `Infinity`: it never does. */
function node(takes: Readonly<Record<string, number>>) {
  const world = virtualWorld();
  const specs = { web: { terminationGracePeriodSeconds: 5 }, slow: {}, dns: { priority: 2_000_000_000 } };
  const pods = Object.entries(specs).map(([name, spec]) => pod(spec, { name, uid: name }));
  const recorded: string[] = [];
  const endedAtMs = new Map<string, number>();
  const seconds = (): number => world.clock.monotonicMs() / 1000;
  let report: (isGoingDown: boolean) => void = () => {};
  const shutdown = createNodeShutdown({
    world,
    graceSeconds: 30,
    criticalSeconds: 10,
    onEvent: (text) => recorded.push(`${seconds()} ${text}`),
    delay: {
      watch: (onChange, signal) => {
        report = onChange;
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      },
      release: () => recorded.push(`${seconds()} released`),
    },
    pods: {
      all: () => pods,
      end: (uid, { reason, graceSeconds }) => {
        recorded.push(`${seconds()} ${uid} ${reason} within ${graceSeconds}`);
        endedAtMs.set(uid, world.clock.monotonicMs() + (takes[uid] ?? 0) * 1000);
      },
      hasEnded: (uid) => (endedAtMs.get(uid) ?? Infinity) <= world.clock.monotonicMs(),
    },
  });
  const running = new AbortController();
  void shutdown.run(running.signal);
  return { world, shutdown, recorded, report: (isGoingDown: boolean) => report(isGoingDown), stop: () => running.abort() };
}

describe('a machine that goes down', () => {
  test('a machine that goes down ends critical pods after all others, and goes when all have ended', async () => {
    const { world, shutdown, recorded, report } = node({ web: 2, slow: 4, dns: 1 });
    report(true);
    assert.equal(shutdown.isShuttingDown(), true);
    await world.advance(20_000);
    assert.deepEqual(recorded, [
      '0 Shutdown manager detected shutdown event',
      '0 web Terminated within 5',
      '0 slow Terminated within 20',
      '4 dns Terminated within 10',
      '7 released',
    ]);
  });

  test('a machine that goes down waits for no pod longer than its group may take', async () => {
    const { world, recorded, report } = node({ slow: Infinity, dns: Infinity });
    report(true);
    await world.advance(60_000);
    assert.deepEqual(recorded.slice(-2), ['20 dns Terminated within 10', '32 released']);
  });

  test('a machine that goes down takes pods again when it stays up after all', async () => {
    const { world, shutdown, recorded, report } = node({});
    report(true);
    await world.advance(5000);
    report(false);
    assert.equal(shutdown.isShuttingDown(), false);
    assert.equal(recorded.at(-1), '5 Shutdown manager detected shutdown cancellation');
  });
});

test('reads what busctl prints', () => {
  const line = (member: string, data: unknown) => JSON.stringify({ type: 'signal', member, payload: { type: 'b', data: [data] } });
  assert.deepEqual(
    [line('PrepareForShutdown', true), line('PrepareForShutdown', false), line('PrepareForSleep', true), 'Monitoring bus'].map(goingDownOf),
    [true, false, undefined, undefined],
  );
});
