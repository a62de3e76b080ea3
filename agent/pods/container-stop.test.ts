import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LifecycleHandler } from '../../functions/kube/generated/types.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import type { ContainerStop } from './actions.ts';
import { stopContainers } from './container-stop.ts';

/** The calls of the runtime, each with its second. */
function stopping(preStop: LifecycleHandler | undefined, more: Partial<ContainerStop> = {}, exec: 'ok' | 'fails' | 'breaks' = 'ok') {
  const { context, world, events } = nodeOfTest();
  const calls: string[] = [];
  const at = (): string => `@${world.clock.monotonicMs() / 1000}`;
  const main = container('main', preStop === undefined ? {} : { lifecycle: { preStop } });
  const runtime = {
    ...context.runtime,
    stopContainer: async (_id: string, graceSeconds: number) => void calls.push(`stop ${graceSeconds}${at()}`),
    execSync: async (_id: string, command: readonly string[], timeoutSeconds: number) => {
      calls.push(`exec ${command.join(' ')} ${timeoutSeconds}${at()}`);
      if (exec === 'breaks') throw new RuntimeError('DeadlineExceeded', 'timeout');
      return { exitCode: exec === 'fails' ? 1 : 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    },
  };
  const stop: ContainerStop = {
    containerId: 'c',
    container: main,
    name: 'main',
    message: 'Stopping container main',
    graceSeconds: 30,
    runPreStop: true,
    ...more,
  };
  const shortenGrace = new AbortController();
  const stopped = stopContainers({ ...context, runtime }, [stop], { pod: pod(), podIp: '10.0.0.2', shortenGrace: shortenGrace.signal });
  return { world, calls, events, stopped, shortenGrace };
}

test('a container without a preStop hook is stopped at once, with its grace period', async () => {
  const { calls, events, stopped } = stopping(undefined);
  await stopped;
  assert.deepEqual(calls, ['stop 30@0']);
  assert.deepEqual(events, ['Normal Killing Stopping container main (spec.containers{main})']);
});

describe('a preStop hook', () => {
  const exec = { exec: { command: ['drain'] } };

  test('a preStop hook runs first, and takes its time from the grace', async () => {
    const { calls, world, stopped } = stopping({ sleep: { seconds: 10 } });
    await world.advance(10_000);
    await stopped;
    assert.deepEqual(calls, ['stop 20@10']);
  });

  test('a preStop hook that takes all of the grace leaves two seconds', async () => {
    const { calls, world, stopped } = stopping({ sleep: { seconds: 600 } });
    await world.advance(30_000);
    await stopped;
    assert.deepEqual(calls, ['stop 2@30']);
  });

  test('a preStop hook that fails or takes too long is recorded as an Event, and its container is stopped', async () => {
    for (const how of ['fails', 'breaks'] as const) {
      const { calls, events, stopped } = stopping(exec, {}, how);
      await stopped;
      assert.deepEqual(calls, ['exec drain 30@0', 'stop 30@0']);
      assert.equal(events.at(-1), 'Warning FailedPreStopHook PreStopHook failed (spec.containers{main})');
    }
  });

  test('a preStop hook does not run for a pod that is ended by force or at once', async () => {
    for (const more of [{ runPreStop: false }, { graceSeconds: 0 }]) {
      const { calls, stopped } = stopping(exec, more);
      await stopped;
      assert.deepEqual(calls, [`stop ${more.graceSeconds ?? 30}@0`]);
    }
  });

  test('a preStop hook is cut short when the pod has to end sooner', async () => {
    const { calls, world, stopped, shortenGrace } = stopping({ sleep: { seconds: 20 } });
    await world.advance(3000);
    shortenGrace.abort();
    await world.settle();
    await stopped;
    assert.equal(calls[0], 'stop 1@3');
  });
});
